// Package configs has the configuration as it comes. Its comments say what each key means,
// on pages as well.
package configs

import _ "embed" // of Homing

// Homing is homing.yaml.
//
//go:embed homing.yaml
var Homing string
