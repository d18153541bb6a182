// A C++ host with an encoder: handles live in unique_ptr, statuses become exceptions of its own,
// and no exception crosses the library. It compares sentences by their vectors, trains a class head
// on labelled questions, sorts new ones, and reads the saved adapter back into another model.
#include <svft.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Failure : std::runtime_error {
  svft_status status;
  explicit Failure(svft_status status)
      : std::runtime_error(std::string(svft_status_string(status)) + ": " + svft_last_error()),
        status(status) {}
};

void check(svft_status status) {
  if (status != SVFT_OK) throw Failure(status);
}

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error("expected " + what);
}

// How unique_ptr lets go of each kind of handle.
struct Release {
  void operator()(svft_model* model) const { svft_model_free(model); }
  void operator()(svft_adapter* adapter) const { svft_adapter_free(adapter); }
  void operator()(svft_trainer* trainer) const { svft_trainer_free(trainer); }
  void operator()(char* text) const { svft_string_free(text); }
};
using Model = std::unique_ptr<svft_model, Release>;
using Adapter = std::unique_ptr<svft_adapter, Release>;
using Trainer = std::unique_ptr<svft_trainer, Release>;
using Text = std::unique_ptr<char, Release>;

std::string fixture(const std::string& name) {
  const char* folder = std::getenv("SVFT_FIXTURES");
  return std::string(folder ? folder : "Tests/Fixtures") + "/" + name;
}

Model load(const std::string& path) {
  svft_model* model = nullptr;
  check(svft_model_load(path.c_str(), nullptr, &model));
  return Model(model);
}

// A callback must not throw through C: what it throws is kept and thrown again outside.
struct Observer {
  int steps = 0;
  std::exception_ptr thrown;
  int throws_at = 0;

  static int32_t report(void* user, const svft_train_progress* progress) noexcept {
    Observer& observer = *static_cast<Observer*>(user);
    try {
      if (std::strcmp(progress->event, "step") == 0) observer.steps++;
      if (observer.steps == observer.throws_at) throw std::runtime_error("seen enough");
      return 0;
    } catch (...) {
      observer.thrown = std::current_exception();
      return 1;
    }
  }
};

std::vector<std::vector<float>> embed(const Model& model, const std::vector<const char*>& texts) {
  std::size_t count = 0;
  svft_embed(model.get(), texts.data(), texts.size(), nullptr, 0, &count);
  std::vector<float> all(count);
  check(svft_embed(model.get(), texts.data(), texts.size(), all.data(), count, &count));
  std::vector<std::vector<float>> rows;
  const std::size_t width = count / texts.size();
  for (std::size_t at = 0; at < count; at += width)
    rows.emplace_back(all.begin() + static_cast<long>(at),
                      all.begin() + static_cast<long>(at + width));
  return rows;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); i++) {
    ab += double(a[i]) * b[i];
    aa += double(a[i]) * a[i];
    bb += double(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

void compares_sentences() {
  const Model model = load(fixture("bert"));
  const auto rows = embed(model, {"where is the sea?", "who lit the lamp?", "where is the sea?"});
  expect(rows.size() == 3 && rows[0].size() == 32, "three rows of 32");
  expect(std::abs(cosine(rows[0], rows[2]) - 1) < 1e-5, "equal sentences to lie together");
  expect(cosine(rows[0], rows[1]) < 0.9999, "other sentences to lie apart");
}

std::string classify(const Model& model, const std::vector<const char*>& texts) {
  char* report = nullptr;
  check(svft_classify(model.get(), texts.data(), nullptr, texts.size(), &report));
  return Text(report).get();
}

Trainer prepare(const Adapter& adapter) {
  svft_train_params params;
  svft_trainer* trainer = nullptr;
  check(svft_train_params_init(&params, sizeof params));
  params.epochs = 20;
  params.learning_rate = 0.02;
  params.steps_per_report = 1;
  check(svft_trainer_create(adapter.get(), fixture("questions.jsonl").c_str(), nullptr, nullptr,
                            &params, &trainer));
  return Trainer(trainer);
}

void sorts_questions(const std::string& saved) {
  const Model model = load(fixture("bert"));
  svft_adapter* made = nullptr;
  check(svft_adapter_create(model.get(), R"({"method": "svft", "pattern": "banded", "d": 2})",
                            &made));
  const Adapter adapter(made);
  const Trainer trainer = prepare(adapter);

  Observer observer;
  observer.throws_at = 5;
  const svft_status stopped = svft_trainer_run(trainer.get(), Observer::report, &observer);
  expect(stopped == SVFT_CANCELLED && observer.thrown && observer.steps == 5,
         "the callback's exception to stop the run");
  check(svft_trainer_run(trainer.get(), nullptr, nullptr));

  const std::vector<const char*> questions = {"who keeps the lighthouse?", "where is the sea?"};
  const std::string sorted = classify(model, questions);
  expect(sorted.find("\"person\"") < sorted.find("\"place\""), "a person first: " + sorted);

  check(svft_adapter_save(adapter.get(), saved.c_str()));
  const Model other = load(fixture("bert"));
  check(svft_adapter_load(other.get(), saved.c_str(), 1, &made));
  const Adapter again(made);
  expect(classify(other, questions) == sorted, "the saved adapter to sort alike");
}

void throws_its_own_exceptions() {
  try {
    load("nowhere");
  } catch (const Failure& failure) {
    expect(failure.status == SVFT_IO && std::strstr(failure.what(), "nowhere"), "its name");
    return;
  }
  expect(false, "a failure");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    compares_sentences();
    sorts_questions(std::string(argv[1]) + "/adapter");
    throws_its_own_exceptions();
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << "\n";
    return 1;
  }
  return 0;
}
