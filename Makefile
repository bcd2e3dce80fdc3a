# One-line verbs. `make demo` and `make test` do all of their own set-up.
.PHONY: setup build image lint format test demo test-rack test-upgrade benchmark fuzz clean

setup:        ; @Scripts/setup
build: setup  ; swift build --build-tests
image: build  ; Scripts/build-image
lint:         ; Scripts/lint
format:       ; swift format --in-place --parallel --recursive Sources Tests Fuzz Package.swift
test: setup lint image ; Scripts/test
demo: image   ; Scripts/demo
clean:        ; rm -rf .build .build-agent out
