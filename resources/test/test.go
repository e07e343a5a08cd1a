// Package test has the kind test, which takes parameters of every type and does nothing. It
// serves to test programs and the engine.
package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mgmt/resource"
)

// Kind is the kind test.
var Kind = &resource.Kind{
	Name: "test",
	Doc:  "Takes parameters of every type and is always right, unless it is asked to fail; for tests of programs. It sends hello and answer.",
	New:  func() resource.Resource { return &Resource{} },
}

// Resource is a test resource.
type Resource struct {
	resource.Unwatched

	Bool    bool    `mgmt:"bool" doc:"A value."`
	Str     string  `mgmt:"str" doc:"A value."`
	Int     int     `mgmt:"int" doc:"A value."`
	Int8    int8    `mgmt:"int8" doc:"A value."`
	Int16   int16   `mgmt:"int16" doc:"A value."`
	Int32   int32   `mgmt:"int32" doc:"A value."`
	Int64   int64   `mgmt:"int64" doc:"A value."`
	Uint    uint    `mgmt:"uint" doc:"A value."`
	Uint8   uint8   `mgmt:"uint8" doc:"A value."`
	Uint16  uint16  `mgmt:"uint16" doc:"A value."`
	Uint32  uint32  `mgmt:"uint32" doc:"A value."`
	Uint64  uint64  `mgmt:"uint64" doc:"A value."`
	Byte    byte    `mgmt:"byte" doc:"A value."`
	Rune    rune    `mgmt:"rune" doc:"A value."`
	Float32 float32 `mgmt:"float32" doc:"A value."`
	Float64 float64 `mgmt:"float64" doc:"A value."`

	BoolPtr       *bool    `mgmt:"boolptr" doc:"A value that may be unset."`
	StringPtr     *string  `mgmt:"stringptr" doc:"A value that may be unset."`
	Int64Ptr      *int64   `mgmt:"int64ptr" doc:"A value that may be unset."`
	Int8Ptr       *int8    `mgmt:"int8ptr" doc:"A value that may be unset."`
	Uint8Ptr      *uint8   `mgmt:"uint8ptr" doc:"A value that may be unset."`
	Int8PtrPtrPtr ***int8  `mgmt:"int8ptrptrptr" doc:"A value that may be unset."`
	SliceString   []string `mgmt:"slicestring" doc:"A list."`

	MapIntFloat map[int64]float64 `mgmt:"mapintfloat" doc:"A map."`
	MixedStruct Mixed             `mgmt:"mixedstruct" doc:"A struct."`
	Interface   any               `mgmt:"interface" doc:"A value of any type."`
	AnotherStr  string            `mgmt:"anotherstr" doc:"A value."`
	Comment     string            `mgmt:"comment" doc:"Free text."`

	ValidateBool  bool      `mgmt:"validatebool" doc:"Make the resource invalid."`
	ValidateError string    `mgmt:"validateerror" doc:"Make the resource invalid, for this reason."`
	AlwaysGroup   bool      `mgmt:"alwaysgroup" doc:"Be applied together with others that ask for it."`
	CompareFail   bool      `mgmt:"comparefail" doc:"Never be equal to another declaration of the same name."`
	SendValue     string    `mgmt:"sendvalue" doc:"The value to send as hello."`
	ExpectRecv    *[]string `mgmt:"expectrecv" doc:"Fail unless as many parameters as these are received."`
	OnlyShow      []string  `mgmt:"onlyshow" doc:"Log these parameters at each check."`
	WaitForError  int64     `mgmt:"waitforerror" doc:"Milliseconds after which a check fails."`

	env      *resource.Env
	received []string
}

// Mixed is a struct of each basic type.
type Mixed struct {
	SomeBool  bool    `mgmt:"somebool"`
	SomeStr   string  `mgmt:"somestr"`
	SomeInt   int     `mgmt:"someint"`
	SomeFloat float64 `mgmt:"somefloat"`
}

// Sends is what a test resource sends.
type Sends struct {
	Hello  *string `mgmt:"hello" doc:"The parameter sendvalue, unset if that is empty."`
	Answer int     `mgmt:"answer" doc:"42."`
}

// Validate fails when it is asked to.
func (r *Resource) Validate() error {
	switch {
	case r.ValidateError != "":
		return errors.New(r.ValidateError)
	case r.ValidateBool:
		return errors.New("validatebool is true")
	}
	return nil
}

func (r *Resource) Open(env *resource.Env) error { r.env = env; return nil }
func (r *Resource) Close() error                 { return nil }

// Equal implements resource.Comparer.
func (r *Resource) Equal(other resource.Resource) bool {
	o := other.(*Resource)
	return !r.CompareFail && !o.CompareFail && resource.EqualParams(r, o)
}

// GroupKey implements resource.Grouper.
func (r *Resource) GroupKey() string {
	if r.AlwaysGroup {
		return "always"
	}
	return ""
}

// ApplyGroup implements resource.Grouper: there is nothing to apply.
func (r *Resource) ApplyGroup(context.Context, []*resource.Member) {}

// Receives implements resource.Receiver.
func (r *Resource) Receives(params []string) { r.received = params }

// Check is content, or fails when it is asked to.
func (r *Resource) Check(ctx context.Context) ([]resource.Change, error) {
	if err := r.checkReceived(); err != nil {
		return nil, err
	}
	r.show()
	if r.WaitForError <= 0 {
		return nil, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(r.WaitForError) * time.Millisecond):
		return nil, fmt.Errorf("failed after %d ms, as asked for", r.WaitForError)
	}
}

// checkReceived compares what is wired with what is expected.
func (r *Resource) checkReceived() error {
	if r.ExpectRecv == nil {
		return nil
	}
	if want, have := *r.ExpectRecv, r.received; len(want) != len(have) {
		return fmt.Errorf("expectrecv: %d parameters are to be received, %q, but %d are, %q", len(want), want, len(have), have)
	}
	return nil
}

// show logs the parameters that onlyshow lists. One that is not given is as it is by default.
func (r *Resource) show() {
	if len(r.OnlyShow) == 0 {
		return
	}
	given, err := Kind.Given(r)
	if err != nil {
		r.env.Log.Warn(err.Error())
		return
	}
	for _, name := range r.OnlyShow {
		i := slices.IndexFunc(given, func(v resource.Value) bool { return v.Name == name })
		if i < 0 {
			r.env.Log.Info(name + " is not given")
			continue
		}
		r.env.Log.Info(fmt.Sprintf("%s is %v", name, given[i].Value))
	}
}

func (r *Resource) Apply(context.Context, []resource.Change) error { return nil }

// Sends implements resource.Sender.
func (r *Resource) Sends() any {
	s := &Sends{Answer: 42}
	if r.SendValue != "" {
		s.Hello = &r.SendValue
	}
	return s
}
