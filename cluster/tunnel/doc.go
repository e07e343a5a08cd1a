// Package tunnel reaches addresses by way of another host, through an SSH connection to it.
//
// The gateway is the host that the SSH connection goes to ([Gateway], [ParseGateway]); a channel is
// a connection that the gateway opens for us to an address beyond it. A [Dialer] makes channels. It
// uses one SSH connection for all of them, establishes it when it is first needed, and again when it
// was lost. Nothing runs on the gateway but its sshd: no shell, no program.
//
// Two questions are answered before anything crosses the connection:
//
//   - Is that the gateway? Its host key has to be the one that was given, or one that a
//     known_hosts file lists for it (hostkey.go). A key that is unknown, or another one, is an error.
//   - Who are we? The keys come from an ssh-agent and from files (keys.go). Nobody is asked for a
//     password or a passphrase.
//
// Errors say what to do about them; [ErrHostKey], [ErrKeys], [ErrRefused] and [ErrForward]
// tell them apart.
package tunnel
