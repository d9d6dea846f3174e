package workers

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"time"

	"homing/pkg/touch"
)

// StepConfig is one email of a series, as a worker's section has it:
//
//	steps: [{template: win-back/miss-you, after: 0s}, {template: win-back/offer, after: 14d, offer: {…}}]
type StepConfig struct {
	Name     string        `yaml:"name"`     // what pending touches know the step by; empty: the last part of the template
	Template string        `yaml:"template"` // "win-back/offer"
	After    time.Duration `yaml:"after"`    // from what set the series off
	Offer    *Offer        `yaml:"offer"`    // nil: none
	Expires  time.Duration `yaml:"expires"`  // how long after its time it is still worth sending; 0s: the worker's own
}

// StepName returns the name of the step: a stable word, never its position.
func (s StepConfig) StepName() string {
	if s.Name != "" {
		return s.Name
	}
	return path.Base(s.Template)
}

// Step returns the step as the stages know it; expires is for one that names
// none itself. The step must be valid.
func (s StepConfig) Step(class touch.Class, expires time.Duration) touch.Step {
	if s.Expires > 0 {
		expires = s.Expires
	}
	return touch.Step{Name: s.StepName(), Template: s.Template, Class: class, Expires: expires, Offer: s.Offer.Terms()}
}

var templateForm = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+$`)

// ValidateSteps reports what is wrong with a series, each problem by its key.
// Names are unique, and the times ascend.
func ValidateSteps(steps []StepConfig) error {
	if len(steps) == 0 {
		return errors.New("steps: is empty; to send nothing, write status: off")
	}
	var errs []error
	at := map[string]int{}
	for i, s := range steps {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("steps[%d].%w", i, fmt.Errorf(format, args...)))
		}
		if !templateForm.MatchString(s.Template) {
			fail("template: %q is not a template; write <worker>/<step>", s.Template)
		}
		name := s.StepName()
		if !nameForm.MatchString(name) {
			fail("name: %q is not a name; use 1 to 32 of a-z, 0-9 and -", name)
		} else if first, taken := at[name]; taken {
			fail("name: %q is that of steps[%d] too; give one of them a name of its own", name, first)
		}
		at[name] = i
		switch {
		case s.After < 0:
			fail("after: %v is negative", s.After)
		case i > 0 && s.After <= steps[i-1].After:
			fail("after: %v does not come after the %v of the step before", s.After, steps[i-1].After)
		}
		if s.Expires < 0 {
			fail("expires: %v is negative", s.Expires)
		}
		errs = append(errs, At(fmt.Sprintf("steps[%d].offer", i), s.Offer.Validate()))
	}
	return errors.Join(errs...)
}

// At puts the key of a part of the configuration before each of the problems
// that were found in it: At("offer", c.Offer.Validate()).
func At(key string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, At(key, e))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("%s.%w", key, err)
}
