package main

import (
	"context"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"
)

func (p *program) playDemo(ctx context.Context, js jetstream.JetStream, r devRun) error { return nil }
func (p *program) checkCommand() *cobra.Command { return &cobra.Command{Use: "check", Run: func(*cobra.Command, []string) {}} }
func (p *program) rejectedCommand() *cobra.Command { return &cobra.Command{Use: "rejected", Run: func(*cobra.Command, []string) {}} }
