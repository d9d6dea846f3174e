package events

// Money is an exact amount: Minor units (cents) of an ISO 4217 currency. In
// JSON it is {"amount": "12.95", "currency": "EUR"}; it is never a float.
type Money struct {
	Minor    int64
	Currency string
}
