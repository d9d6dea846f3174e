// Writes what Node's Intl says, for TestIntl to compare with. One line a locale, its
// fields separated by tabs, in the order in which the test reads them. `make intl`
// runs it.
if (!process.versions.cldr?.startsWith('48.')) console.error(`this Node has CLDR ${process.versions.cldr}; take one with the release that make cldr fetches`)
const locales = `en en-GB en-US en-AU en-IN en-ZA en-CA en-IE en-NL en-DE en-CH en-SE en-001 de de-AT de-CH fr fr-CH fr-CA fr-BE es es-MX es-AR es-US it it-CH pt-BR pt-PT
nl nl-BE pl cs sk hu ro bg hr sl sr sr-Latn el tr ru uk et lv lt fi sv nb no nn da is ar ar-EG ar-AE he hi mr bn ja ko zh-CN zh-TW zh-HK zh-SG th vi id ms fil sw af
ca eu gl ka hy az kk uz bs mk sq cy ga mt lb be ur fa ta te gu pa my km lo si ne am`.split(/\s+/)
const currencies = 'EUR USD GBP JPY KWD HUF ISK IQD CLP XCG ZWG CHF CAD AUD MXN BRL SEK NOK DKK PLN CZK RON RSD TRY UAH RUB ILS INR KRW CNY TWD HKD THB VND IDR EGP AED ZAR NZD COP BGN HRK VED MRU SLE'.split(' ')
const amounts = [0, 0.05, 12.95, 999.99, 1234.5, 9999, 12345.67, 1234567.89, -3, -1234.5]
const numbers = [0, 7, 999, 1000, 1234, 9999, 10000, 123456, 1234567890, -1, -1234567]
const counts = [...Array(31).keys(), 99, 100, 101, 102, 103, 105, 111, 112, 121, 122, 125, 199, 200, 1000, 1001, 1e6, 2e6, 1000001]
const days = ['2026-01-01', '2026-02-14', '2026-03-03', '2026-05-31', '2027-08-09', '2028-12-24'].map((d) => new Date(d))

console.log(['#', process.versions.cldr, process.versions.icu, currencies.join(' '), amounts.join(' '), numbers.join(' '), counts.join(' '), days.map((d) => d.toISOString().slice(0, 10)).join(' ')].join('\t'))
for (const tag of locales) {
  // Dates are Gregorian; Thailand's count the years from elsewhere.
  const locale = tag === 'fa' ? tag + '-u-ca-gregory' : tag
  const out = [tag]
  const money = (currency, currencyDisplay) => new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay })
  for (const c of currencies) out.push([money(c, 'symbol').format(1234.5), money(c, 'narrowSymbol').format(1234.5)].join('|'))
  for (const c of ['EUR', 'USD', 'JPY', 'KWD', 'HUF', 'CHF']) out.push(amounts.map((a) => money(c, 'symbol').format(a)).join('|'))
  const plain = new Intl.NumberFormat(locale), percent = new Intl.NumberFormat(locale, { style: 'percent' })
  out.push(numbers.map((n) => plain.format(n)).join('|'), percent.format(0.1) + '|' + percent.format(12.5))
  const rules = new Intl.PluralRules(locale)
  out.push(counts.map((n) => rules.select(n)).join('|'))
  const long = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })
  out.push(days.map((d) => long.format(d)).join('|'), days.map((d) => day.format(d)).join('|'))
  console.log(out.join('\t'))
}
