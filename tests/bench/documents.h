#pragma once
/// What the benchmarks run over: the published EPS prescriptions, or one of our own without them.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace concord::bench {

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// The files of that name under corpus "eps", convert/<kind> (all kinds for ""), sorted by path.
inline std::vector<std::string> eps_messages(const std::string& kind,
                                             const std::string& file_name) {
  namespace fs = std::filesystem;
  const char* given = std::getenv("CONCORD_CORPORA");
  const fs::path folder =
      (given != nullptr ? fs::path(given) : fs::path(CONCORD_SOURCE_DIR) / "../shared/corpora") /
      "eps" / "convert" / kind;
  std::vector<fs::path> paths;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().filename() == file_name) paths.push_back(entry.path());
    }
  } else {
    std::cerr << "*** CORPUS ABSENT: " << folder << "; a document of our own is used ***\n";
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> documents;
  for (const fs::path& path : paths) documents.push_back(read_bytes(path));
  return documents;
}

/// Those of the prescription orders.
inline std::vector<std::string> eps_orders(const std::string& file_name) {
  return eps_messages("send", file_name);
}

/// A made-up Bundle in the shape and size of a prescription order.
inline std::string own_bundle() {
  std::string text =
      R"({"resourceType":"Bundle","id":"aef77afb-7e3c-427a-8657-2c427f71a271","type":"message","entry":[)";
  for (int i = 0; i < 24; ++i) {
    const std::string n = std::to_string(i);
    if (i > 0) text += ',';
    text +=
        R"({"fullUrl":"urn:uuid:a54219b8-f741-4c47-b662-e4f8dfa4)" + std::to_string(1000 + i) +
        R"(","resource":{"resourceType":"MedicationRequest","id":"a54219b8-)" + n +
        R"(","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"39720311000001101","display":"Paracetamol 500mg soluble tablets"}]},"subject":{"reference":"urn:uuid:78d3c2eb"},"groupIdentifier":{"system":"https://fhir.nhs.uk/Id/prescription-order-number","value":"24F5DA-A83008-7EFE6Z"},"dosageInstruction":[{"text":"Take one tablet \u2014 \"with food\"\ntwice a day","timing":{"repeat":{"frequency":2,"period":1.50,"periodUnit":"d"}}}],"dispenseRequest":{"quantity":{"value":60,"unit":"tablet","system":"http://snomed.info/sct","code":"428673006"}}}})";
  }
  return text + "]}";
}

inline std::vector<std::string> json_orders() {
  std::vector<std::string> documents = eps_orders("request.json");
  if (documents.empty()) documents.push_back(own_bundle());
  return documents;
}

}  // namespace concord::bench
