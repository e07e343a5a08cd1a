module mgmt

go 1.26

require (
	github.com/aymanbagabas/go-udiff v0.4.1 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
)
