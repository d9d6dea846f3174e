package events

import "strings"

// currencies are the codes of ISO 4217's list one, as of its amendment 180 (2026), that
// prices are said in: money and funds. `make cldr` complains when Unicode knows of a
// currency that people pay with and that is not here.
const currencies = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG`

// notMoney are the codes on that list that nobody pays with: metals, units of account
// and of bonds, the code for tests and the one for no currency. A price in one of
// them is a program's mistake, often a field that nobody filled in.
const notMoney = `XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX`

// withdrawn are the codes that ISO 4217 gave up since 1999, when shops were on the
// web, each with the one that people there pay with today.
const withdrawn = `ADP:EUR AFA:AFN ANG:XCG AON:AOA AOR:AOA ATS:EUR AZM:AZN BEF:EUR BGL:EUR BGN:EUR BYB:BYN BYR:BYN CSD:RSD CUC:CUP CYP:EUR
DEM:EUR ECS:USD EEK:EUR ESP:EUR FIM:EUR FRF:EUR GHC:GHS GRD:EUR HRK:EUR IEP:EUR ITL:EUR LTL:EUR LUF:EUR LVL:EUR MCF:EUR
MGF:MGA MRO:MRU MTL:EUR MZM:MZN NLG:EUR PTE:EUR ROL:RON RUR:RUB SDD:SDG SIT:EUR SKK:EUR SLL:SLE SRG:SRD STD:STN TJR:TJS TMM:TMT
TPE:USD TRL:TRY USS:USD VEB:VES VEF:VES YUM:RSD ZMK:ZMW ZWD:ZWG ZWL:ZWG ZWN:ZWG ZWR:ZWG`

const (
	notACurrency = iota
	current
	past
)

// known says of each three letters which of those they are. A table, as every price
// of every event asks.
var known = func() (t [26 * 26 * 26]uint8) {
	for code := range strings.FieldsSeq(withdrawn) {
		t[place(code[:3])] = past
	}
	for code := range strings.FieldsSeq(currencies) {
		t[place(code)] = current
	}
	return t
}()

func place(code string) int {
	return (int(code[0]-'A')*26+int(code[1]-'A'))*26 + int(code[2]-'A')
}

// Currencies returns the codes of ISO 4217's list that are money, sorted.
func Currencies() []string { return strings.Fields(currencies) }

// IsCurrency reports whether a code is money on ISO 4217's list today.
func IsCurrency(code string) bool { return validCurrency(code) && known[place(code)] == current }

// IsNotMoney reports whether a code is on ISO 4217's list, and nobody pays with it.
func IsNotMoney(code string) bool { return validCurrency(code) && strings.Contains(notMoney, code) }

// Successor returns the currency that took the place of one that ISO 4217 gave up
// since 1999: EUR of HRK. It is "" of any other code.
func Successor(code string) string {
	for pair := range strings.FieldsSeq(withdrawn) {
		if old, now, _ := strings.Cut(pair, ":"); old == code {
			return now
		}
	}
	return ""
}

// onceACurrency reports whether a code is or was one: orders tell of the past.
func onceACurrency(code string) bool { return known[place(code)] != notACurrency }
