package doctor

import (
	"fmt"
	"io/fs"
)

// A SecretFile is one that has a secret in it.
type SecretFile struct {
	Key, Path string
	Mode      fs.FileMode
	Err       string
}

// JudgeFiles judges who may read the files of secrets.
func JudgeFiles(files []SecretFile) []Finding {
	var out []Finding
	for _, f := range files {
		about := f.Key + " (" + f.Path + ")"
		mode := f.Mode.Perm()
		switch {
		case f.Err != "":
			out = append(out, Unknown(Files, about, f.Err))
		case mode&0o022 != 0:
			out = append(out, Finding{Level: Trouble, About: about, Text: fmt.Sprintf("others may write it (%v)", mode),
				Why: "another secret would make every customer a stranger", Do: "chmod 600 " + f.Path})
		case mode&0o004 != 0:
			out = append(out, Finding{Level: Warning, About: about, Text: fmt.Sprintf("everybody on this machine may read it (%v)", mode),
				Why: "who has it can forge links, or send in your name", Do: "chmod 600 " + f.Path + "; in Kubernetes set defaultMode: 0400, and fsGroup with 0440"})
		}
	}
	if len(out) == 0 {
		text := "no secret is in a file that others may read"
		if len(files) > 0 {
			text = many(len(files), "file", "files") + " with secrets, which others may not read"
		}
		out = append(out, Finding{Level: OK, Text: text})
	}
	return Of(Files, out...)
}
