package events

// AudienceEntered says that a customer came into an audience that the shop wants to be told
// of: a segment, as far as its customers said yes to marketing email.
type AudienceEntered struct {
	Customer `json:"customer"`
	Audience string `json:"audience" rule:",required"` // the name of the segment
}

// AudienceLeft says that a customer is in it no more.
type AudienceLeft struct {
	Customer `json:"customer"`
	Audience string `json:"audience" rule:",required"` // the name of the segment
}

func (*AudienceEntered) Type() Type { return TypeAudienceEntered }
func (*AudienceLeft) Type() Type    { return TypeAudienceLeft }
