# Everything a newcomer types: `make run`, `make test`.

# rustup puts cargo here, and not every shell knows.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: run test test-long bench deps test-deps audit

# A node with demonstration data, in the foreground.
run: deps
	cargo build --release --locked
	@tools/demo.sh

# Everything that has to hold before a commit. Budget: docs/testing.md.
test: test-deps
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	cargo test --locked
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked
	tests/real-clients/run.sh
	benches/compare/run.sh --self-test
	cargo build --release --locked
	$(kill-release)

# Killed 200 times: what is shipped, and as fast as it is.
kill-release = BIAOSHI_TEST_BINARY=$(abspath $(or $(CARGO_TARGET_DIR),target))/release/biaoshi \
	cargo test --locked --test kill -- --nocapture

# Killed while it counts what it answers.
counting-release = BIAOSHI_TEST_BINARY=$(abspath $(or $(CARGO_TARGET_DIR),target))/release/biaoshi \
	cargo test --locked --test counting kills -- --nocapture

# Killed while it reports to a stand-in.
reporting-release = BIAOSHI_TEST_BINARY=$(abspath $(or $(CARGO_TARGET_DIR),target))/release/biaoshi \
	BIAOSHI_TEST_REPORT_KILLS=1000 cargo test --locked --test topnode kills -- --nocapture

# The long forms: the same tests with more cases.
test-long: test
	@tools/deps.sh long
	benches/instructions.sh --check
	cargo test --locked --release --lib state:: -- --ignored
	tools/schedules.sh
	tools/miri.sh
	PROPTEST_CASES=20000 cargo test --locked
	BIAOSHI_KILL_ROUNDS=1000 $(kill-release)
	BIAOSHI_COUNTING_KILLS=50 BIAOSHI_COUNTING_ASKED_FOR_MS=4000 $(counting-release)
	$(reporting-release)
	cargo bench --locked --bench startup -- starts 1000000

# Figures and how to read them: benches/README.md.
bench: deps
	cargo bench --locked

# What building needs and this machine lacks.
deps:
	@tools/deps.sh

# … and testing.
test-deps:
	@tools/deps.sh test

# Licences, bans and advisories, with a tool that is not installed for you.
audit:
	cargo deny check
