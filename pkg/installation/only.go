package installation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"homing/pkg/why"
)

// SeveralError says that several persons answer to what was asked for, where only one
// can be meant.
type SeveralError struct {
	Asked string
	Found []Found
}

func (e *SeveralError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q may mean several; name one by its token", e.Asked)
	for _, f := range e.Found {
		m := f.Match()
		fmt.Fprintf(&b, "\n  %s: as %s", m.Name(), strings.Join(m.Is, ", "))
	}
	return b.String()
}

// Only returns the one person who is meant by something, as Find has it; what else
// answers to it is returned as well. Nobody is picked from several, nor one who
// only had to do with an address: then the error is a *SeveralError.
func (i *Installation) Only(ctx context.Context, store, who string) (Found, []Found, error) {
	found, err := i.Find(ctx, store, who)
	if err != nil {
		return Found{}, nil, err
	}
	sure := slices.IndexFunc(found, func(f Found) bool { return !f.Sure() }) // the sure are first
	if sure < 0 {
		sure = len(found)
	}
	if sure == 1 || len(found) == 1 && (found[0].Email != "" || found[0].Is[0] == why.IsErased) {
		return found[0], found[1:], nil
	}
	return Found{}, nil, &SeveralError{who, found}
}
