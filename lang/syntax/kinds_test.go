package syntax

import (
	"strings"
	"testing"
)

// TestKinds holds that no kind of resource is taken for a misspelt word.
func TestKinds(t *testing.T) {
	const kinds = `file line json:edit tar gzip deploy:tar value kv password exec svc cron pkg user group
		ssh:authorized_key hostname net sysctl mount timer print msg noop exit schedule test http:client http:server
		tftp:file dhcp:host augeas firewalld nspawn gsettings fwattr fwupd:device docker:image virt consul:kv aws:ec2
		hetzner:vm bmc:power remote`
	for kind := range strings.FieldsSeq(kinds) {
		for _, name := range []string{`"a"`, "$x", "f()", "a.f($x)", `["a", "b"]`, `("a")`, "if $x { 1 } else { 2 }"} {
			text := kind + " " + name + " {}\ncollect " + kind + " " + name + " {}\n" +
				Capitalise(kind) + "[" + name + "] -> " + Capitalise(kind) + "[" + name + "]\n"
			tree, diags := parse(text)
			if len(diags) > 0 {
				t.Errorf("%s%s", text, list(diags))
				continue
			}
			if got := tree.Stmts[2].(*EdgeStmt).Halves[1].Kind.Text; got != kind {
				t.Errorf("%s: the edge has the kind %q", text, got)
			}
		}
	}
}
