package app

import (
	"errors"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// Check makes the stores and their workers as New does, and connects to nothing.
// With a nil set it leaves out what needs templates. Its error joins all
// problems.
func Check(c *config.Config, set *render.Set) error {
	stores, err := programme.Open(c, nil)
	_, cannot := openRoutes(c, nil, relayWatch{}, zap.NewNop())
	return errors.Join(err, cannot, programme.Check(c, stores, set))
}
