#include "tests/campaign/report.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace concord::campaign {
namespace {

std::filesystem::path file_of(const std::filesystem::path& folder, const Plan& plan) {
  return folder / (plan.store + "-seed-" + std::to_string(plan.seed) + ".txt");
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

}  // namespace

std::string report_of(const Account& account, const std::string& title) {
  const Verdict& verdict = account.verdict;
  std::string text = title + " (" + seconds_text(account.seconds) + ")\n";
  const auto add = [&text](auto number, const std::string& what) {
    text += std::to_string(number) + what;
  };
  std::size_t violations = account.troubles.size();
  for (const auto& [rule, times] : verdict.of_rule) violations += times;
  add(verdict.operations, " operations (");
  add(verdict.unknown, " of unknown outcome), ");
  add(verdict.messages, " messages accepted, ");
  add(verdict.arrivals, " arrivals (");
  add(verdict.resends, " resends), ");
  add(verdict.words, " words of a person, ");
  add(verdict.faults, " faults, ");
  std::uint64_t met = 0;
  for (const auto& [kind, times] : account.faults) met += times.met;
  add(met, " of them while requests were under way: ");
  add(violations, " violations\n");
  std::string kinds;
  for (const auto& [kind, times] : account.faults) {
    kinds += (kinds.empty() ? "" : ", ") + std::to_string(times.caused) + " " + kind;
    if (times.met != times.caused) kinds += " (" + std::to_string(times.met) + " met requests)";
  }
  if (!kinds.empty()) text += "  faults: " + kinds + "\n";
  std::string steps;
  for (const auto& [step, times] : account.steps) {
    steps += (steps.empty() ? "" : ", ") + std::to_string(times) + " " + step;
  }
  if (!steps.empty()) text += "  died at: " + steps + "\n";
  if (account.seconds_faults > 0) {
    text += "  time: faults and clients " + seconds_text(account.seconds_faults) + ", drain " +
            seconds_text(account.seconds_drain) + ", reading the end " +
            seconds_text(account.seconds_end) + ", checker " + seconds_text(account.seconds_check) +
            "\n";
  }
  for (const std::string& trouble : account.troubles) text += "  trouble: " + trouble + "\n";
  for (const auto& [rule, times] : verdict.of_rule) {
    text += "  " + std::string(rule_name(rule)) + ": " + std::to_string(times) + "\n";
  }
  for (const Violation& violation : verdict.violations) {
    text += "  " + std::string(rule_name(violation.rule)) + ": " + violation.text + "\n";
  }
  return text;
}

bool write_report(const std::filesystem::path& folder, const Plan& plan, const Account& account,
                  const std::string& report) {
  const std::filesystem::path file = file_of(folder, plan);
  std::filesystem::path fresh = file;
  fresh += ".new";
  std::ofstream out(fresh, std::ios::trunc);
  out << command_line(plan) << '\n'
      << report << (account.sound() ? "SOUND " : "UNSOUND ") << account.verdict.messages << ' '
      << account.verdict.faults << '\n';
  out.close();
  std::error_code failed;
  std::filesystem::rename(fresh, file, failed);
  return out && !failed;
}

std::optional<Done> read_report(const std::filesystem::path& folder, const Plan& plan) {
  std::ifstream in(file_of(folder, plan));
  std::string first, last;
  if (!std::getline(in, first) || first != command_line(plan)) return std::nullopt;
  for (std::string line; std::getline(in, line);) last = line;
  std::istringstream words(last);
  std::string verdict;
  Done done;
  if (!(words >> verdict >> done.messages >> done.faults)) return std::nullopt;
  done.sound = verdict == "SOUND";
  if (!done.sound && verdict != "UNSOUND") return std::nullopt;
  return done;
}

}  // namespace concord::campaign
