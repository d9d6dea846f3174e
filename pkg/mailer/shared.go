package mailer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
)

// learn brings what this process knows about the relay's pause up to what all know. An
// error is Redis being away: nothing is sent until it is known.
func (p *pause) learn(ctx context.Context) error {
	if p.trouble == nil {
		return nil
	}
	s, err := p.trouble.Look(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.trying || p.unshared:
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

// tell has all replicas know of a refusal. Where Redis cannot be told, this process knows.
func (p *pause) tell(f *Failure, us, tried bool) {
	if p.trouble == nil {
		return
	}
	rate := !us && f.Code/100 == 4 && f.Phase <= PhaseMail
	s, err := p.trouble.Failed(context.Background(), f.Error(), us, rate, tried, rand.Float64())
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

// unlearn has all replicas know that the relay takes email. Where Redis cannot be told,
// the pause is found there again, and the next try ends it.
func (p *pause) unlearn() {
	if p.trouble == nil {
		return
	}
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
