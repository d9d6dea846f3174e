package workers

import "homing/events"

// ConsentTriggers are all events that may say what a customer agreed to.
func ConsentTriggers() (out []events.Type) {
	for _, r := range events.Rows() {
		if _, about := r.New().(events.CustomerData); about && r.Type != events.TypeCustomerErased {
			out = append(out, r.Type)
		}
	}
	return out
}

// ConsentOf returns what an event says that its customer agreed to; nil: nothing.
func ConsentOf(e events.Event) *events.Consent {
	if d, ok := e.Data.(events.CustomerData); ok {
		return d.Who().Consent
	}
	return nil
}
