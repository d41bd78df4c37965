# Everything starts here and needs only Python 3.11 or newer. `make help` lists what there is.
# PORT, DATA_DIR and DATABASE_URL are read from the environment or the command line: make run PORT=8001

PYTHON ?=
# Where an environment forbids compiled files, each run would compile and rewrite the whole suite again.
unexport PYTHONDONTWRITEBYTECODE
ENV := .venv/bin/python

# Find a Python that is new enough and let it bring .venv up to date with one of the requirement sets.
define install
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        exec "$$python" -m config.local.install $(1); \
	    fi; \
	done; \
	echo "No Python 3.11 or newer found$(if $(PYTHON), as PYTHON=$(PYTHON)). Install one, or name it: make PYTHON=/path/to/python3 $(or $(MAKECMDGOALS),demo)" >&2; \
	exit 2
endef

# pytest's exit code 5 means that no test carries the mark: worth a loud line, not a failure.
define pytest
	@$(2) $(ENV) -m pytest $(1) || { code=$$?; [ $$code -eq 5 ] && echo "*** No test was found for: pytest $(1)" || exit $$code; }
endef

.PHONY: help demo run install audit test test-slow journeys tour lighthouse chaos recovery fairness game-day shuffle stripe-live-smoke schemathesis openapi bench soak bench-rivals preview-sheet preview-bench style-gallery check format messages lock room-parser clean env env-dev env-browser

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: env ## one picture from the clone to var/demo/after.png, then stop (PHOTO=path PROMPT="…")
	@$(ENV) -m config.local demo

run: env ## serve until Ctrl-C; prints the address, a login and a curl
	@$(ENV) -m config.local run

install: env ## only make .venv; the others do it by themselves

test: env-dev ## the test suite on real PostgreSQL, without what is slow
	@code=0; $(ENV) -m pytest -n 2 --dist worksteal || code=$$?; \
	echo "Not run here: make test-slow (whole processes), make journeys (a browser), make chaos (kills under load), make bench (measurements)."; \
	exit $$code

test-slow: env-dev ## tests that start whole processes or take many seconds (K=part_of_a_name for some; LONG=no without those of minutes)
	$(call pytest,-m "slow$(if $(filter no,$(LONG)), and not long)" $(if $(K),-k "$(K)"))

journeys: env-browser ## drive the pages in Chromium, which must be installed
	$(call pytest,-n 2 -m browser,DJANGO_ALLOW_ASYNC_UNSAFE=true)

# Journeys that between them look at every page, with axe, on a desk and by day.
TOURED := $(addprefix tests/journeys/test_,tour.py accessible.py agency.py review.py webhooks.py delivery.py proposal.py)
tour: env-browser ## docs/tour.md anew: each page in a screenshot
	@TOUR=1 DJANGO_ALLOW_ASYNC_UNSAFE=true $(ENV) -m pytest -m browser $(TOURED) \
	    -k "(are_shown or desk or 1440 or window1) and not dark"

lighthouse: env-browser ## Lighthouse on start page, studio, gallery of 500; needs npm and Chromium (RUNS=3 VERBOSE=1)
	@$(ENV) -m tests.lighthouse

chaos: env-dev ## break everything under load, then count pictures and credits (SEED=1 GENERATIONS=2000)
	@$(ENV) -m tests.chaos.run

recovery: env-dev ## kill -9 fifty pictures in the making: how long until each runs again or is refunded
	$(call pytest,-m slow tests/chaos/test_recovery.py)

fairness: env-dev ## a thousand pictures queued by one workspace: how long another's one waits
	$(call pytest,-m slow tests/chaos/test_fairness.py)

game-day: env-dev ## rehearse the incidents of docs/running.md (OUTAGE=3600 seconds without the upstream)
	@OUTAGE=$(OUTAGE) $(ENV) -m pytest -m slow tests/operations/test_game_day.py tests/operations/test_game_day_machines.py

shuffle: env-dev ## a customer's year of Stripe events in a thousand orders (SEEDS=1000 FIRST=0)
	@SHUFFLE_SEEDS=$(or $(SEEDS),1000) SHUFFLE_FIRST=$(or $(FIRST),0) $(ENV) -m pytest -n 2 -m slow tests/billing/test_shuffle.py

stripe-live-smoke: env-dev ## one scenario against Stripe (STRIPE_SECRET_KEY=sk_test_…, else skipped)
	@$(ENV) -m tests.billing.stripe_smoke

schemathesis: env-dev ## generated requests at the running API: at least 10,000, all checks (EXAMPLES=100 WORKERS=2 PHASES=examples,fuzzing,…)
	@EXAMPLES=$(or $(EXAMPLES),100) WORKERS=$(or $(WORKERS),2) PHASES=$(PHASES) $(ENV) -m tests.described.run

openapi: env ## docs/openapi.json anew: at a release, when the check of breaking changes has passed
	@$(ENV) manage.py spectacular --validate --fail-on-warn --format openapi-json --file docs/openapi.json

bench: env-dev ## measure beside others, into docs/benchmarks.md (ONLY=accept,ledger,… QUICK=1; two hours and a quiet machine)
	@$(ENV) -m tests.bench.run $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

soak: env-dev ## at 70 % of what the machine can do: does anything grow? (MINUTES=30)
	@$(ENV) -m tests.bench.run --only soak --minutes $(or $(MINUTES),30) $(if $(QUICK),--quick)

# nginx is the system's: apt-get install nginx-light. Without them `make bench` says that they were not measured.
bench-rivals: ## install LiteLLM's proxy beside ours, for `make bench` to measure (1 GB)
	@test -d var/bench-rivals || python3 -m venv var/bench-rivals
	@var/bench-rivals/bin/pip install -q 'litellm[proxy]'

preview-sheet: env-dev ## contact sheets of the preview engine (PHOTOS=folder, or ROOM=name PROMPT="…" ITEMS=sofa,plant for one)
	@$(ENV) -m tests.bench.preview.sheet $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(ROOM),--room "$(ROOM)") \
	    $(if $(PROMPT),--prompt "$(PROMPT)") $(if $(ITEMS),--items "$(ITEMS)")

preview-bench: env-dev ## time, memory and faithfulness of the preview engine, into docs/preview/benchmark.md
	@$(ENV) -m tests.bench.preview.report

style-gallery: env-dev ## the example pictures of the public pages: each style, the start page's, into static/samples
	@$(ENV) -m tests.bench.preview.gallery
	@$(ENV) -m tests.bench.preview.showcase

audit: env-dev ## the pinned packages against public advisories; only says so where there is no network
	@$(ENV) -m tests.advisories

check: env-browser ## lint, types, import rules, migrations, conventions
	@echo "ruff" && $(ENV) -m ruff check .
	@$(ENV) -m ruff format --check .
	@echo "mypy" && $(ENV) -m mypy .
	@echo "import rules" && $(ENV) -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'
	@echo "migrations" && $(ENV) manage.py makemigrations --check --dry-run
	@echo "conventions" && $(ENV) -m pytest tests/test_conventions.py

format: env-dev ## let ruff arrange and mend what it can
	@$(ENV) -m ruff check --fix . && $(ENV) -m ruff format .

messages: env-dev ## gather every text that a person may read into locale/ and compile it (needs gettext)
	@$(ENV) manage.py translate

lock: env-dev ## compile requirements/*.in to the pinned, hashed *.txt (LOCK=--upgrade for newer versions)
	@for set in tools main dev browser; do \
	    $(ENV) -m uv pip compile --quiet $(LOCK) --universal --python-version 3.11 --generate-hashes \
	        --custom-compile-command "make lock" requirements/$$set.in -o requirements/$$set.txt || exit 1; \
	done

# Renders, trains, exports, prints scores. Pairs and net stay in var/room-parser and are gone on with; delete them to start afresh.
TRAINING := var/room-parser
room-parser: ## train the net that reads rooms (ROOMS=1500 MINUTES=60; hours; needs python3.11, see requirements/training.in)
	@test -d $(TRAINING)/render-env || python3.11 -m venv $(TRAINING)/render-env
	@test -d $(TRAINING)/train-env || python3.11 -m venv $(TRAINING)/train-env
	@sed -n 's/ *#.*\[render\].*//p' requirements/training.in > $(TRAINING)/render.txt
	@grep -v '\[render\]' requirements/training.in > $(TRAINING)/train.txt
	@$(TRAINING)/render-env/bin/pip install -q -r $(TRAINING)/render.txt
	@$(TRAINING)/train-env/bin/pip install -q -r $(TRAINING)/train.txt
	@cd generations/engines/preview && export PYTHONPATH=. && root=$(CURDIR)/$(TRAINING) && \
	    nice $$root/render-env/bin/python -m training.render $$root/pairs 0 $(or $(ROOMS),1500) > $$root/render.log && \
	    nice $$root/train-env/bin/python -m training.train $$root/pairs $$root/net.pt $(or $(MINUTES),60) && \
	    $$root/train-env/bin/python -m training.export $$root/pairs $$root/net.pt room_parser.onnx && \
	    $$root/train-env/bin/python -m training.score $$root/pairs room_parser.onnx $(REFERENCE)

clean: ## remove .venv and caches; data (var/) stay
	@rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

env:
	$(call install,main)

env-dev:
	$(call install,dev)

env-browser:
	$(call install,browser)
