package stdos

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unicode"

	"mgmt/lang/funcs"
	"mgmt/lang/std/internal/table"
	"mgmt/lang/types"
)

// A family of distributions is known by a file that all its members have.
var markers = []struct{ family, file string }{
	{"redhat", "/etc/redhat-release"},
	{"debian", "/etc/debian_version"},
	{"archlinux", "/etc/arch-release"},
}

func distribution() []*funcs.Function {
	list := []*funcs.Function{
		{
			Name:   "family",
			Doc:    "Returns redhat, debian or archlinux, the family of the distribution, or nothing if it is another one.",
			Sigs:   table.Sig("func() str"),
			Impure: impure(table.Pure0(family)),
		},
		{
			Name:   "is_virtual",
			Doc:    "Reports whether this is a virtual machine, as far as the processor or the firmware tell.",
			Sigs:   table.Sig("func() bool"),
			Impure: impure(table.Try0(isVirtual)),
		},
		{
			Name: "parse_distro_uid",
			Doc:  "Splits a name such as fedora39-x86_64 into distribution, version and architecture. All are empty if it has not all of them.",
			Sigs: table.Sig("func(str) struct{distro str; version str; arch str}"),
			Pure: parseDistroUID,
		},
		{
			Name:   "release",
			Doc:    "Returns what the file os-release says of the distribution. That there is none is an error.",
			Sigs:   table.Sig("func() struct{id str; variant_id str; version_id str}"),
			Impure: impure(func([]types.Value) (types.Value, error) { return release() }),
		},
	}
	for _, m := range markers {
		list = append(list, familyIs("is_family_"+m.family, m.family, m.file), familyIs("is_"+m.family, m.family, m.file))
	}
	return list
}

func familyIs(name, family, file string) *funcs.Function {
	return &funcs.Function{
		Name:   name,
		Doc:    fmt.Sprintf("Reports whether the distribution is of the family %s.", family),
		Sigs:   table.Sig("func() bool"),
		Impure: impure(table.Pure0(func() bool { return exists(file) })),
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func family() string {
	for _, m := range markers {
		if exists(m.file) {
			return m.family
		}
	}
	return ""
}

// Makers are names that the firmware of virtual machines has for itself.
var makers = []string{
	"KVM", "OpenStack", "KubeVirt", "Amazon EC2", "QEMU", "VMware", "innotek GmbH", "Oracle Corporation",
	"Xen", "Bochs", "Parallels", "BHYVE", "Hyper-V", "Apple Virtualization", "Google Computer Engine",
}

func isVirtual() (bool, error) {
	if runtime.GOOS != "linux" {
		return false, errors.New("known on Linux only")
	}
	if cpu, err := os.ReadFile("/proc/cpuinfo"); err == nil && hasWord(string(cpu), "hypervisor") {
		return true, nil
	}
	for _, name := range []string{"product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"} {
		text, err := os.ReadFile("/sys/class/dmi/id/" + name)
		if err == nil && containsAny(string(text), makers) {
			return true, nil
		}
	}
	return false, nil
}

func hasWord(text, word string) bool {
	for w := range strings.FieldsSeq(text) {
		if w == word {
			return true
		}
	}
	return false
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

var distroNames = []string{"distro", "version", "arch"}

func parseDistroUID(args []types.Value) (types.Value, error) {
	distro, version, arch := splitDistroUID(string(args[0].(types.Str)))
	return &types.Struct{Names: distroNames, Elems: []types.Value{types.Str(distro), types.Str(version), types.Str(arch)}}, nil
}

func splitDistroUID(uid string) (distro, version, arch string) {
	head, arch, _ := strings.Cut(uid, "-")
	distro = strings.TrimRightFunc(head, func(r rune) bool { return r == '.' || r >= '0' && r <= '9' })
	for strings.HasPrefix(head[len(distro):], ".") { // a version begins with a digit
		distro += "."
	}
	version = head[len(distro):]
	if distro == "" || version == "" || arch == "" {
		return "", "", ""
	}
	return distro, version, arch
}

var releaseNames = []string{"id", "variant_id", "version_id"}

func release() (types.Value, error) {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		if text, err = os.ReadFile("/usr/lib/os-release"); err != nil {
			return nil, err
		}
	}
	return parseRelease(string(text)), nil
}

// parseRelease reads lines such as VERSION_ID="12".
func parseRelease(text string) types.Value {
	out := &types.Struct{Names: releaseNames, Elems: make([]types.Value, len(releaseNames))}
	for i, name := range releaseNames {
		out.Elems[i] = types.Str("")
		for line := range strings.Lines(text) {
			if value, ok := strings.CutPrefix(line, strings.ToUpper(name)+"="); ok {
				out.Elems[i] = types.Str(unquote(strings.TrimSpace(value)))
			}
		}
	}
	return out
}

func unquote(s string) string {
	if plain, err := strconv.Unquote(s); err == nil {
		return plain
	}
	return strings.TrimFunc(s, func(r rune) bool { return r == '\'' || r == '"' || unicode.IsSpace(r) })
}
