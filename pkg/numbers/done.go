package numbers

import (
	"time"

	"homing/pkg/attribution"
)

// Done is what one worker did on some whole days.
type Done struct {
	Days    int
	From    string // the first day of which something is known, if that is later: "2026-11-30"
	Sent    int
	Clicked int
	Orders  int // in which one of its emails has a part (Windows)
	// Revenue is that of the orders whose last email was one of its: "1,234.50 EUR", one
	// for each currency.
	Revenue []string
}

// Done adds up what a worker did on the last whole days, of so many each.
func (s *Snapshot) Done(worker string, days ...int) (out []Done) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	end := dayOf(s.At, zone)
	for _, n := range days {
		from, to := end.AddDate(0, 0, -n).Format(time.DateOnly), end.Format(time.DateOnly)
		d, revenue := Done{Days: n}, Money{}
		if len(s.Days) > 0 && s.Days[0].Date > from {
			d.From = s.Days[0].Date
		}
		for i := range s.Days {
			w := s.Days[i].Workers[worker]
			if date := s.Days[i].Date; w == nil || date < from || date >= to {
				continue
			}
			d.Sent, d.Clicked, d.Orders = d.Sent+w.Sent, d.Clicked+w.Clicked, d.Orders+w.Orders
			for currency, minor := range w.Revenue[attribution.Last] {
				revenue.add(currency, minor)
			}
		}
		for _, currency := range sortedKeys(revenue) {
			if revenue[currency] != 0 {
				d.Revenue = append(d.Revenue, amount(float64(revenue[currency]), currency).Text+" "+currency)
			}
		}
		out = append(out, d)
	}
	return out
}
