package customer

import "time"

// Place is where a customer is in the indexes by date: what must be known about
// everybody to find those a day concerns without reading the others.
// It follows from the customer alone, not from any configuration.
type Place struct {
	Birthday int   // day of a leap year, 1 to 366; 0: not known
	Last     int64 // hours since 1970 of the last order that was not cancelled; 0: none
	Orders   int   // how many there were, at most MaxPlaceOrders
}

// MaxPlaceOrders is up to how many orders a place counts.
const MaxPlaceOrders = 24

// PlaceOf returns where a customer belongs. One who is gone belongs nowhere; one who
// became another does: what they ordered before is known under this id alone.
func PlaceOf(c *Customer) Place {
	if c.Gone() {
		return Place{}
	}
	p := Place{Birthday: DayOfBirth(c.Born())}
	if last := c.LastOrderAt(); last.Unix() > 0 {
		p.Last, p.Orders = last.Unix()/3600, min(c.OrderCount(), MaxPlaceOrders)
	}
	return p
}

// leapYear is the year of all birthdays, where they are days of the year.
const leapYear = 2000

// DayOfBirth returns which day of a leap year, 1 to 366, a birthday like
// "1990-02-29" or "--02-29" is; 0 if it is none.
func DayOfBirth(s string) int {
	if len(s) < len("--02-29") {
		return 0
	}
	t, err := time.Parse("01-02", s[len(s)-len("02-29"):])
	if err != nil {
		return 0
	}
	return DayOfYear(t)
}

// DayOfYear returns which day of a leap year, 1 to 366, a date is, whatever its year.
func DayOfYear(t time.Time) int {
	return time.Date(leapYear, t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).YearDay()
}
