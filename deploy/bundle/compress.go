package bundle

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The encoder and the decoder are shared: they take memory. Of the encoder there is no more than
// what one caller needs, since a command that packs a small program touches all of it once.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false),
			zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxExpanded), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// maxExpanded bounds what a blob, or the text of a tree, may expand to.
const maxExpanded = 16 << 20

// compress makes a blob.
func compress(content []byte) Blob { return encoder().EncodeAll(content, nil) }

// expand appends what a blob contains, which has to be so many bytes with that hash.
func expand(dst []byte, blob Blob, size int, want Hash) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(blob); err != nil {
		return nil, fmt.Errorf("chunk %s is damaged: %w", want.Short(), err)
	}
	if !h.HasFCS || h.FrameContentSize != uint64(size) {
		return nil, fmt.Errorf("chunk %s does not say that it has %d bytes, as the tree has it", want.Short(), size)
	}
	content, err := decoder().DecodeAll(blob, make([]byte, 0, size))
	if err != nil {
		return nil, fmt.Errorf("chunk %s is damaged: %w", want.Short(), err)
	}
	if got := Sum(content); len(content) != size || got != want {
		return nil, fmt.Errorf("chunk %s has been changed: it contains %s", want.Short(), got.Short())
	}
	return append(dst, content...), nil
}

// Pack returns the compressed text of the tree, for Unpack.
func (t Tree) Pack() []byte { return compress(t.Text()) }

// Unpack reads what Pack returns, if it is the tree of that hash.
func Unpack(packed []byte, want Hash, limits Limits) (Tree, error) {
	text, err := unpack(packed, limits)
	if err != nil {
		return nil, err
	}
	if got := Sum(text); got != want {
		return nil, fmt.Errorf("the tree of files has been changed: it is %s, not %s", got.Short(), want.Short())
	}
	return ParseTree(text, limits)
}

// UnpackAny reads what Pack returns, for whoever looks after a store and needs to know what is
// in it. It says nothing about where the tree comes from.
func UnpackAny(packed []byte, limits Limits) (Tree, error) {
	text, err := unpack(packed, limits)
	if err != nil {
		return nil, err
	}
	return ParseTree(text, limits)
}

// unpack returns the text of a packed tree.
func unpack(packed []byte, limits Limits) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(packed); err != nil {
		return nil, fmt.Errorf("the tree of files is damaged: %w", err)
	}
	if !h.HasFCS || h.FrameContentSize > uint64(limits.Text) {
		return nil, fmt.Errorf("the text of the tree of files would have more than %d bytes, the limit", limits.Text)
	}
	text, err := decoder().DecodeAll(packed, make([]byte, 0, h.FrameContentSize))
	if err != nil {
		return nil, fmt.Errorf("the tree of files is damaged: %w", err)
	}
	return text, nil
}
