package render

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// A calendarStyle writes the dates of a language: layouts in which W, D, M and
// Y stand for the day of the week, day, month and year.
type calendarStyle struct {
	date, day string
	months    string // separated by spaces; empty: the number of the month
	weekdays  string // from Sunday
}

const (
	englishMonths = "January February March April May June July August September October November December"
	englishDays   = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday"
	norskMonths   = "januar februar mars april mai juni juli august september oktober november desember"
	norskDays     = "søndag mandag tirsdag onsdag torsdag fredag lørdag"
)

// dateStyles are the long dates of CLDR 45 (dateFormats/long, and MMMMEEEEd).
// Other languages get the ISO form, which nobody misreads.
var dateStyles = map[string]calendarStyle{
	"en":    {"D M Y", "W D M", englishMonths, englishDays},
	"en-US": {"M D, Y", "W, M D", englishMonths, englishDays},
	"de":    {"D. M Y", "W, D. M", "Januar Februar März April Mai Juni Juli August September Oktober November Dezember", "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"},
	"fr":    {"D M Y", "W D M", "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "dimanche lundi mardi mercredi jeudi vendredi samedi"},
	"es":    {"D de M de Y", "W, D de M", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", "domingo lunes martes miércoles jueves viernes sábado"},
	"it":    {"D M Y", "W D M", "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", "domenica lunedì martedì mercoledì giovedì venerdì sabato"},
	"pt":    {"D de M de Y", "W, D de M", "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro", "domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado"},
	"nl":    {"D M Y", "W D M", "januari februari maart april mei juni juli augustus september oktober november december", "zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"},
	"sv":    {"D M Y", "W D M", "januari februari mars april maj juni juli augusti september oktober november december", "söndag måndag tisdag onsdag torsdag fredag lördag"},
	"da":    {"D. M Y", "W den D. M", "januar februar marts april maj juni juli august september oktober november december", "søndag mandag tirsdag onsdag torsdag fredag lørdag"},
	"nb":    {"D. M Y", "W D. M", norskMonths, norskDays},
	"no":    {"D. M Y", "W D. M", norskMonths, norskDays},
	"fi":    {"D. M Y", "W D. M", "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta", "sunnuntai maanantai tiistai keskiviikko torstai perjantai lauantai"},
	"pl":    {"D M Y", "W, D M", "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia", "niedziela poniedziałek wtorek środa czwartek piątek sobota"},
	"cs":    {"D. M Y", "W D. M", "ledna února března dubna května června července srpna září října listopadu prosince", "neděle pondělí úterý středa čtvrtek pátek sobota"},
	"ja":    {"Y年M月D日", "M月D日W", "", "日曜日 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日"},
	"zh":    {"Y年M月D日", "M月D日W", "", "星期日 星期一 星期二 星期三 星期四 星期五 星期六"},
	"ko":    {"Y년 M월 D일", "M월 D일 W", "", "일요일 월요일 화요일 수요일 목요일 금요일 토요일"},
}

// A calendar is a calendarStyle taken apart; the zero calendar writes ISO dates.
type calendar struct {
	dateLayout, dayLayout string
	months, weekdays      []string
}

// readCalendar finds how a language writes dates.
func readCalendar(text language.Tag) calendar {
	base, _ := text.Base()
	style := dateStyles[base.String()]
	if region, _ := text.Region(); regional(text) { // "en" alone is not yet American
		if own, found := dateStyles[base.String()+"-"+region.String()]; found {
			style = own
		}
	}
	return calendar{style.date, style.day, strings.Fields(style.months), strings.Fields(style.weekdays)}
}

// date writes the day of t in its own time zone, with the year; the zero time is empty.
func (c *calendar) date(t time.Time) string { return c.write(t, c.dateLayout) }

// day writes the day of t with the day of the week and without the year, as one
// says a day that is near: "Tuesday 3 March". The zero time is empty.
func (c *calendar) day(t time.Time) string { return c.write(t, c.dayLayout) }

func (c *calendar) write(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	if layout == "" {
		return t.Format(time.DateOnly)
	}
	year, month, day := t.Date()
	b := make([]byte, 0, 32)
	for _, r := range layout {
		switch {
		case r == 'W':
			b = append(b, c.weekdays[t.Weekday()]...)
		case r == 'D':
			b = strconv.AppendInt(b, int64(day), 10)
		case r == 'M' && len(c.months) > 0:
			b = append(b, c.months[month-1]...)
		case r == 'M':
			b = strconv.AppendInt(b, int64(month), 10)
		case r == 'Y':
			b = strconv.AppendInt(b, int64(year), 10)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}
