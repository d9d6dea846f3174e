package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const completionHelp = `Writes the script by which your shell completes the commands of Homing, their flags,
roles and workers, when you press Tab.

For this shell:

  bash          source <(homing completion bash)
  zsh           source <(homing completion zsh)
  fish          homing completion fish | source
  powershell    homing completion powershell | Out-String | Invoke-Expression

For each new one, write it once to where your shell looks:

  bash          homing completion bash > /etc/bash_completion.d/homing
  zsh           homing completion zsh > "${fpath[1]}/_homing"
  fish          homing completion fish > ~/.config/fish/completions/homing.fish
  powershell    homing completion powershell >> $PROFILE

bash needs the package bash-completion; zsh needs "autoload -U compinit; compinit" in
~/.zshrc.`

// completionCommand replaces cobra's own, which explains itself at greater length.
func (p *program) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "Write the script that completes commands in your shell", Long: completionHelp,
		Args: cobra.ExactArgs(1), ValidArgs: []string{"bash", "zsh", "fish", "powershell"}, DisableFlagsInUseLine: true, Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(p.out, true)
			case "zsh":
				return root.GenZshCompletion(p.out)
			case "fish":
				return root.GenFishCompletion(p.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(p.out)
			default:
				return usagef("%q is not one of bash, zsh, fish, powershell", args[0])
			}
		},
	}
}

// completeFlags says which values the flags have that have one of a few.
func completeFlags(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		var of []string
		switch v := f.Value.(type) {
		case *choice:
			of = v.of
		default:
			of = map[string][]string{"log-level": {"debug", "info", "warn", "error"}, "log-format": {"auto", "console", "json"}}[f.Name]
		}
		if of != nil {
			// An error means that the flag has it already, as the root's have for each command.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp))
		}
	})
	if f := cmd.PersistentFlags().Lookup("config"); f != nil {
		_ = cmd.MarkPersistentFlagFilename("config", "yaml", "yml")
	}
	for _, c := range cmd.Commands() {
		completeFlags(c)
	}
}
