package studio

import "net/http"

// Access decides who may use a studio, request by request.
type Access interface {
	// Admit returns who asks; nil if they may see nothing.
	Admit(r *http.Request) *Visitor
}

// A Visitor is somebody who may look, and perhaps change things.
type Visitor struct {
	Name   string // for the audit; "" where everybody is the same
	Editor bool   // may save, send and publish
}

// Anybody is the Access of a studio that only its own machine can reach.
type Anybody struct{}

// Admit implements Access.
func (Anybody) Admit(*http.Request) *Visitor { return &Visitor{Editor: true} }
