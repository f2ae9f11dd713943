# The project's commands; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo adopt-demo demo-kind down kubectl test test-all test-unit soak mutation bench bench-changes check-chart install.yaml crds golden screenshots format tools

help: ## this list
	@grep -hE '^[a-z.-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

demo: ## a real cluster, the operator, an ipip network, two pods that ping; stays up
	@scripts/demo

adopt-demo: ## a flannel of upstream's manifest is taken over while pods ping; stays up
	@scripts/adopt-demo

demo-kind: ## the same on kind, for those who have Docker
	@. scripts/steps.sh && package && lab/kind/demo.sh

down: ## takes the demo's cluster down
	@lab/lab down

kubectl: ## kubectl on the demo's cluster: make kubectl ARGS="get nodes"
	@lab/lab kubectl $(ARGS)

test: ## unit, integration and end-to-end tests
	@scripts/test

test-all: ## the same, and what `make test` leaves out for its length
	@scripts/test --all

test-unit: ## unit tests only
	@scripts/test --unit

soak: ## ten minutes of load on a healthy cluster: no verdict may change
	@scripts/soak

mutation: ## changes the pure code in one place at a time: the tests must notice; target/mutants.json
	@scripts/mutation $(ARGS)

bench: ## measures; prints a table and writes target/bench.json
	@scripts/bench

bench-changes: ## changes a running overlay under pings; prints what was lost and writes target/changes.json
	@scripts/bench-changes

check-chart: ## lints, renders and tests the chart and its alerts; no cluster
	@scripts/check-chart

install.yaml: ## the operator as one file for kubectl apply: target/install.yaml
	@scripts/install-yaml $(ARGS)

crds: ## writes src/main/resources/crds and docs/api.md again from the Java types
	@. scripts/steps.sh && maven -q test-compile exec:exec@crds

golden: ## writes src/test/resources/golden again: what is rendered for each backend and family
	@. scripts/steps.sh && maven -q test -Dtest=GoldenTest -Dgolden.write=true

screenshots: ## draws the page's pictures in docs/images again, in Chromium
	@. scripts/steps.sh && maven -q verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=ScreenshotsIT -Dscreenshots=docs/images

format: ## formats the Java code
	@. scripts/steps.sh && maven -q spotless:apply

tools: ## builds what the lab and the tests need: Kubernetes, etcd, flannel, helm and others
	@lab/lab tools tests
