package mailer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"homing/pkg/throughput"
)

// learn brings what this process knows about the relay's pause up to what all know. An
// error is Redis being away: nothing is sent until it is known.
func (p *pause) learn(ctx context.Context) error {
	if p.trouble == nil {
		return nil
	}
	p.mu.Lock()
	seen := p.changes
	p.mu.Unlock()
	s, err := p.trouble.Look(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.trying, p.unshared:
	case p.telling > 0, p.changes != seen: // what was looked at is older than what we know
	case s.Level == 0 && p.level > 0:
		p.end()
	case s.Level > 0 && p.level != s.Level:
		if p.level == 0 {
			p.tried = map[string]bool{}
			p.log.Warn("the relay takes no email for now, as another process found out", zap.Bool("refuses_us", s.Us))
		}
		p.level, p.us, p.until = s.Level, s.Us, time.Now().Add(s.Wait)
		p.why = errors.New(s.Why)
	}
	return nil
}

// mine reports whether the try that this process would make is its own and not another's.
func (p *pause) mine(ctx context.Context) (bool, error) {
	if p.trouble == nil {
		return true, nil
	}
	return p.trouble.Try(ctx)
}

// tell has all replicas know of a refusal. Where Redis cannot be told, this process knows;
// and it keeps to itself what may be its own network's doing.
func (p *pause) tell(f *Failure, us, tried bool) {
	if p.trouble == nil {
		return
	}
	defer p.told()
	if f.local {
		p.mu.Lock()
		p.unshared = true
		p.mu.Unlock()
		if tried {
			p.leave()
		}
		return
	}
	s, err := p.trouble.Failed(context.Background(), throughput.Refusal{
		Why: f.Why(), Us: us, Rate: !us && f.Code/100 == 4 && f.Phase <= PhaseMail, Tried: tried,
		Longest: longest(f), Jitter: rand.Float64(),
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unshared = err != nil
	if err != nil {
		p.log.Warn("other processes do not know yet that the relay takes no email", zap.Error(err))
		return
	}
	if p.level > 0 {
		p.level, p.until = s.Level, time.Now().Add(s.Wait)
	}
}

// told ends what fails and met began.
func (p *pause) told() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.telling--
}

// leave gives the try back that is this process's.
func (p *pause) leave() {
	if p.trouble == nil {
		return
	}
	if err := p.trouble.Leave(context.Background()); err != nil {
		p.log.Warn("other processes wait for a try that does not come, for a minute", zap.Error(err))
	}
}

// unlearn has all replicas know that the relay takes email. Where Redis cannot be told,
// the pause is found there again, and the next try ends it.
func (p *pause) unlearn() {
	if p.trouble == nil {
		return
	}
	defer p.told()
	if err := p.trouble.Met(context.Background()); err != nil {
		p.log.Warn("other processes do not know yet that the relay takes email", zap.Error(err))
	}
}

// took tells that an email was accepted.
func (p *pause) took() {
	if p.trouble == nil {
		return
	}
	if err := p.trouble.Took(context.Background()); err != nil {
		p.log.Warn("the rate stays slow", zap.Error(err))
	}
}

// unasked is an error of what all replicas know.
func unasked(err error) error { return fmt.Errorf("mailer: %w", err) }
