package points

// Next is the reward that a customer collects points for. The rewards of a programme are
// given in turn, and make a round: each takes the points that it costs beyond the one
// before, the last ends the round, and the first is next again.
type Next struct {
	Place  int // among the rewards of the round, from 0
	Points int // of the round, with which it is reached
	Costs  int // what it takes; 0: there are no rewards
	Taken  int // by those of the round before it
}

// Next returns the reward that comes once so many points of a round were taken for others.
// It looks at how many, and not at what for, so that a round goes on when the
// configuration changes.
func (p *Programme) Next(taken int) Next {
	if len(p.Rewards) == 0 {
		return Next{}
	}
	if taken >= p.Rewards[len(p.Rewards)-1] {
		taken = 0
	}
	i := 0
	for p.Rewards[i] <= taken {
		i++
	}
	return Next{i, p.Rewards[i], p.Rewards[i] - taken, taken}
}

// After returns the reward after this one.
func (p *Programme) After(n Next) Next { return p.Next(n.Taken + n.Costs) }

// rounds says of each reward how far in its round it was, and which one is next.
func (l *Ledger) rounds(p *Programme) {
	taken := 0
	for i := range l.Lines {
		x := &l.Lines[i]
		if x.What != Reward {
			continue
		}
		if taken -= x.Points; len(p.Rewards) > 1 {
			x.Round = taken
		}
		taken = p.Next(taken).Taken
	}
	l.Next = p.Next(taken)
}
