# Tributary's commands. `make help` lists them. They need Go and Node; `make test` uses the race detector where there is a
# C compiler, `make e2e` a Chromium, `make failover` HAProxy, and `make cluster` a JDK with Maven.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Tools of the build, pinned. Each lands in .cache/bin under its version, so that a changed pin is a changed file.
GOLANGCI_LINT := 2.15.0
BUF           := 1.71.0
PROTOC_GEN_GO := 1.36.12
GOTESTSUM     := 1.13.0
GOVULNCHECK   := 1.8.0

# Two packages at a time: several start an engine of their own, and timing tests need a core to themselves.
TEST_P       ?= 2
TEST_TIMEOUT ?= 15m
PKG          ?= ./...
KILLS        ?= 50
RACE         := $(if $(shell command -v $${CC:-cc} gcc clang 2>/dev/null),-race,)

BIN := .cache/bin
WEB := dashboards/web

##@ Use

run: build ## start everything on this machine with demo data (http://127.0.0.1:8080); ARGS="--data DIR" adds flags
	bin/tributary run --demo $(ARGS)

build: engines web ## build bin/tributary with the pages in it
	go build -trimpath -o bin/tributary ./cmd/tributary

ENGINES := engines/node_modules/.package-lock.json
engines: $(ENGINES) ## install the ClickHouse engine (a shared library from npm, about 560 MB on disk)
$(ENGINES): stream/embedded/npm/package.json stream/embedded/npm/package-lock.json stream/embedded/npm/.npmrc
	mkdir -p engines && cp $^ engines/
	npm ci --ignore-scripts --no-audit --no-fund --prefix engines
	ls engines/node_modules/@chdb/lib-*/libchdb.* >/dev/null
	touch $@

WEB_MODULES := $(WEB)/node_modules/.package-lock.json
WEB_BUILT   := $(WEB)/dist/index.html
WEB_SOURCES := $(shell find $(WEB) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' \
	-not -path '*/test/*' -not -path '*/mock/*' -not -path '*/look/*' -not -name '*.go' 2>/dev/null)
web: $(WEB_BUILT) ## build the pages, when their sources changed
$(WEB_MODULES): $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund
	touch $@
$(WEB_BUILT): $(WEB_MODULES) $(WEB_SOURCES)
	cd $(WEB) && npm run build
	touch $@

PLUGIN           := dashboards/plugin
PLUGIN_MODULES   := $(PLUGIN)/node_modules/.package-lock.json
PLUGIN_PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64
# As the SDK's own build does it. What it is stamped with is the last commit's, so that the same source makes the same bytes.
PLUGIN_TIME       = $(shell git log -1 --format=%ct 2>/dev/null || echo 1)
PLUGIN_VERSION    = $(shell node -p "require('./$(PLUGIN)/package.json').version")
PLUGIN_INFO       = {"time":$(PLUGIN_TIME)000,"pluginID":"tributarycc-tributary-datasource","version":"$(PLUGIN_VERSION)"}
plugin: $(PLUGIN_MODULES) ## build the plugin for Grafana: the folder dashboards/plugin/dist and the zip in bin; PLUGIN_PLATFORMS="linux/amd64" builds for that alone
	rm -rf $(PLUGIN)/dist
	cd $(PLUGIN) && SOURCE_DATE_EPOCH=$(PLUGIN_TIME) npm run build
	for platform in $(PLUGIN_PLATFORMS); do \
		os=$${platform%/*} arch=$${platform#*/} exe=; [ $$os = windows ] && exe=.exe; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -buildvcs=false -tags arrow_json_stdlib \
			-ldflags "-w -s -X 'github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON=$${PLUGIN_INFO}'" \
			-o $(PLUGIN)/dist/datasource/gpx_tributary_$${os}_$${arch}$${exe} ./$(PLUGIN)/pkg || exit; \
	done
	chmod 0755 $(PLUGIN)/dist/datasource/gpx_tributary_*
	cd $(PLUGIN) && npm run zip && npm run check -- --platforms "$(PLUGIN_PLATFORMS)"
plugin: export PLUGIN_INFO := $(PLUGIN_INFO)
$(PLUGIN_MODULES): $(PLUGIN)/package.json $(PLUGIN)/package-lock.json $(PLUGIN)/.npmrc
	cd $(PLUGIN) && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

plugin-test: $(PLUGIN_MODULES) ## the tests of the plugin's front end: types, lint, editors, the build and the rules it follows
	cd $(PLUGIN) && npm run typecheck && npm run lint && npm run test:ci && npm run build && npm run check -- --front && npm run check:test

##@ Check

test: engines web web-test plugin-test go-test ## all tests: the pages', the plugin's, then every Go package with -race

web-test: $(WEB_MODULES) ## the tests of the pages only
	cd $(WEB) && npm test

go-test: engines web $(BIN)/gotestsum-$(GOTESTSUM) ## the Go tests only; PKG=./stream/... chooses, ARGS="-run X" adds flags
	@[ -n "$(RACE)" ] || echo "no C compiler here: the Go tests run without the race detector"
	$(BIN)/gotestsum-$(GOTESTSUM) --format pkgname-and-test-fails --format-hide-empty-pkg -- \
		$(RACE) -p $(TEST_P) -timeout $(TEST_TIMEOUT) $(ARGS) $(PKG)

lint: lint-go lint-folds lint-proto lint-web lint-vulnerabilities ## every linter

lint-go: $(BIN)/golangci-lint-$(GOLANGCI_LINT) $(WEB_BUILT)
	$(BIN)/golangci-lint-$(GOLANGCI_LINT) run $(PKG)

# The packages whose decisions a replay repeats byte for byte.
FOLDS := ./stream/identity ./stream/conversation ./stream/config ./stream/outbound ./routing ./routing/policy ./routing/dispatch
lint-folds:
	go test ./.ci/folds
	go run ./.ci/folds $(FOLDS)

lint-proto: $(BIN)/buf-$(BUF)
	$(BIN)/buf-$(BUF) lint

lint-web: $(WEB_MODULES)
	cd $(WEB) && npm run check

lint-vulnerabilities: $(BIN)/govulncheck-$(GOVULNCHECK) $(WEB_BUILT)
	@code=0; out=$$($(BIN)/govulncheck-$(GOVULNCHECK) ./... 2>&1) || code=$$?; \
	if [ $$code -ne 0 ] && [ $$code -ne 3 ] && grep -qE 'fetching vulnerabilities|vuln\.go\.dev' <<<"$$out"; then \
		echo "govulncheck: skipped, its database is not reachable from here"; \
	else echo "$$out"; exit $$code; fi

fmt: $(BIN)/golangci-lint-$(GOLANGCI_LINT) ## format the Go code
	$(BIN)/golangci-lint-$(GOLANGCI_LINT) fmt $(PKG)

generate: $(BIN)/buf-$(BUF) $(BIN)/protoc-gen-go-$(PROTOC_GEN_GO) ## generate Go from the vocabulary (stream/event/proto)
	mkdir -p .cache/plugins && ln -sf $(CURDIR)/$(BIN)/protoc-gen-go-$(PROTOC_GEN_GO) .cache/plugins/protoc-gen-go
	PATH="$(CURDIR)/.cache/plugins:$$PATH" $(BIN)/buf-$(BUF) generate

##@ Prove

bench: build ## measure the system beside a bare pipe of the same clients
	bin/tributary bench chat $(ARGS)

chaos: build ## kill and freeze it under load, then check a ledger kept outside of it; KILLS=5 for a short run
	bin/tributary chaos --kills $(KILLS) $(ARGS)

failover: build ## two processes behind a balancer, killed and frozen in turns: how long until screens go on (needs HAProxy)
	bin/tributary chaos failover $(ARGS)

e2e: build ## one customer, one agent, one kill, in a real browser (needs Chromium)
	go test -count=1 -timeout 10m -tags e2e ./cmd/tributary/e2e/... $(ARGS)

KAFKA := engines/kafka/.installed
cluster: build $(KAFKA) ## the engine's suite and ten kills against Apache Kafka: three brokers, TLS and SASL (needs a JDK with Maven)
	go test -count=1 -timeout 25m -v -tags cluster ./cmd/tributary/clustertest/... $(ARGS)
$(KAFKA): cmd/tributary/clustertest/pom.xml
	mvn -q -B -f $< dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/engines/kafka
	touch $@

##@ Keep

tools: $(BIN)/golangci-lint-$(GOLANGCI_LINT) $(BIN)/buf-$(BUF) $(BIN)/protoc-gen-go-$(PROTOC_GEN_GO) $(BIN)/gotestsum-$(GOTESTSUM) $(BIN)/govulncheck-$(GOVULNCHECK) ## install the pinned tools into .cache/bin

# $(call install,name,version,package): installs aside and moves, so that a broken download leaves no half a tool.
install = mkdir -p $(BIN)/new && GOFLAGS= GOBIN=$(CURDIR)/$(BIN)/new go install $(3)@v$(2) && mv $(BIN)/new/$(1) $(BIN)/$(1)-$(2)
$(BIN)/golangci-lint-$(GOLANGCI_LINT):
	$(call install,golangci-lint,$(GOLANGCI_LINT),github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
$(BIN)/buf-$(BUF):
	$(call install,buf,$(BUF),github.com/bufbuild/buf/cmd/buf)
$(BIN)/protoc-gen-go-$(PROTOC_GEN_GO):
	$(call install,protoc-gen-go,$(PROTOC_GEN_GO),google.golang.org/protobuf/cmd/protoc-gen-go)
$(BIN)/gotestsum-$(GOTESTSUM):
	$(call install,gotestsum,$(GOTESTSUM),gotest.tools/gotestsum)
$(BIN)/govulncheck-$(GOVULNCHECK):
	$(call install,govulncheck,$(GOVULNCHECK),golang.org/x/vuln/cmd/govulncheck)

clean: ## remove what was built and installed here (never data/)
	rm -rf bin engines .cache $(WEB)/node_modules $(PLUGIN)/node_modules $(PLUGIN)/dist
	find $(WEB)/dist -mindepth 1 -not -name .gitkeep -delete 2>/dev/null || true

help: ## this list
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*##/ {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run build engines web plugin plugin-test test web-test go-test lint lint-go lint-folds lint-proto lint-web lint-vulnerabilities fmt generate \
	bench chaos failover e2e cluster tools clean help
