# One-line verbs. `make demo` and `make test` do all of their own set-up.
.PHONY: setup build image lint format test demo fuzz test-rack test-upgrade clean

setup:              ; @Scripts/setup
build: setup        ; swift build --build-tests
image: build        ; Scripts/build-image
lint: setup         ; Scripts/lint
format:             ; swift format --in-place --parallel --recursive Sources Tests Fuzz Package.swift
test: lint image    ; Scripts/test && Scripts/fuzz
test-rack: image    ; BENNU_LONG_TESTS=1 Scripts/test --filter BootTests.LongBootTests
test-upgrade: image ; Scripts/build-upgrade-images && BENNU_LONG_TESTS=1 BENNU_UPGRADE_IMAGES=$(CURDIR)/out/upgrade Scripts/test --experimental-maximum-parallelization-width 2 --filter BootTests.UpgradeTests
demo: image         ; Scripts/demo
fuzz: setup         ; Scripts/fuzz 3600
clean:              ; rm -rf .build .build-agent .build-fuzz out
