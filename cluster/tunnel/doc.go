// Package tunnel reaches addresses from another host, through an SSH connection to it.
//
// The gateway is the host that the SSH connection goes to ([Gateway], [ParseGateway]); a channel
// is one connection that it opens for us, beyond itself. A [Dialer] makes channels. It keeps one
// SSH connection for all of them, begins it when somebody dials, and begins it anew when it was
// lost. Nothing runs on the gateway but its sshd: no shell, no program.
//
// Two questions are answered before anything crosses the connection:
//
//   - Is that the gateway? Its host key has to be the one that was given, or one that a
//     known_hosts file has for it (hostkey.go). An unknown key is an error, and so is another one.
//   - Who are we? The keys are those of an ssh-agent and those in files (keys.go). Nobody is asked
//     for passwords or passphrases.
//
// Errors say what to do about them; [ErrHostKey], [ErrKeys], [ErrRefused] and [ErrForward] tell
// them apart.
package tunnel
