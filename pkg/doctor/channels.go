package doctor

import "time"

// ChannelFacts are what came of connecting to the endpoint of a channel. It was sent no
// request: only a signed message would be one that it understands.
type ChannelFacts struct {
	Name        string // "sms"
	Host        string // of the endpoint, with the port
	Stores      []string
	TLS         bool   // it speaks TLS
	Near        bool   // it is on this machine
	Proxy       string // by which it is reached, and which was not tried; empty: none
	Err         string // why there is no connection
	Advice      string // what to do about that
	Certificate time.Time
}

// JudgeChannels judges whether the endpoints of channels can be reached.
func JudgeChannels(all []ChannelFacts, now time.Time) (out []Finding) {
	for _, c := range all {
		out = append(out, c.judge(now)...)
	}
	if out == nil {
		out = []Finding{{Level: OK, Text: "there are none: everything goes by email"}}
	}
	return Of(Channels, out...)
}

func (c ChannelFacts) judge(now time.Time) []Finding {
	about := "channel " + c.Name + " at " + c.Host
	switch {
	case c.Proxy != "":
		return []Finding{{Level: Note, About: about, Text: "not looked at: it is reached by the proxy " + c.Proxy}}
	case c.Err != "":
		return []Finding{{Level: Trouble, About: about, Text: "cannot be reached from here: " + c.Err, Why: "the workers of " + and(c.Stores) + " that go by it wait (channel_down) until it can", Do: c.Advice}}
	}
	text := "takes connections, encrypted (TLS)"
	if !c.TLS {
		text = "takes connections, unencrypted"
	}
	out := []Finding{{Level: OK, About: about, Text: text + "; what it answers to a message shows with the first one"}}
	if !c.TLS && !c.Near {
		out = append(out, Finding{Level: Warning, About: about, Text: "messages go to it in the clear", Why: "anybody on the way can read them", Do: "write https:// in channels." + c.Name + ".url"})
	}
	return append(out, ends(about, c.Certificate, now, "after that nothing leaves by the channel", "renew it, or ask who runs the endpoint")...)
}
