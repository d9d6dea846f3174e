// Package templates holds the emails that come with Homing, for a binary that
// runs without a templates directory next to it. It has no code of its own;
// marketers edit the files around it.
package templates

import "embed"

// Files are the layouts, partials and emails, in the form render.Load reads.
//
//go:embed */*
var Files embed.FS
