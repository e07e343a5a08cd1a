module mgmt

go 1.26
