package tunnel

import "testing"

// One more connection through a gateway that is connected.
func BenchmarkDial(b *testing.B) {
	s, to := listen(b), echo(b)
	d := dialer(b, s.options(b))
	for b.Loop() {
		conn, err := d.Dial(b.Context(), to)
		if err != nil {
			b.Fatal(err)
		}
		conn.Close()
	}
}

// A connection to the gateway, with the login.
func BenchmarkConnect(b *testing.B) {
	s := listen(b)
	opts := s.options(b)
	for b.Loop() {
		d := dialer(b, opts)
		if err := d.Connect(b.Context()); err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}
