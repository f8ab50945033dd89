// XML to tree and back against libxml2's own tree, over published HL7 v3 messages.
// DEPENDS fhir/xml

#include <benchmark/benchmark.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>

#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

struct Messages {
  std::vector<std::string> sources = eps_orders("expected.xml");
  tree::Symbols symbols;
  std::vector<tree::Document> trees;

  Messages() {
    if (sources.empty()) sources.push_back(own_message());
    for (const std::string& source : sources) {
      intern_all(*xml::read(source, symbols));
      trees.push_back(*xml::read(source, symbols));
    }
  }
  void intern_all(const tree::Document& document) {
    std::vector<const tree::Node*> open{&document.root()};
    while (!open.empty()) {
      const tree::Node& node = *open.back();
      open.pop_back();
      symbols.intern(document.name(node));
      symbols.intern(document.text(node.xml_namespace()));
      for (const tree::Node& child : node.children()) open.push_back(&child);
    }
  }
  static std::string own_message() {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ParentPrescription xmlns=\"urn:hl7-org:v3\">";
    for (int i = 0; i < 60; ++i) {
      text +=
          "\n  <pertinentLineItem classCode=\"SBADM\" moodCode=\"RQO\">\n    <id "
          "root=\"A54219B8-F741-4C47-B662-"
          "E4F8DFA4" +
          std::to_string(1000 + i) +
          "\"/>\n    <name>Paracetamol &amp; codeine</name>\n"
          "  </pertinentLineItem>";
    }
    return text + "\n</ParentPrescription>";
  }
};

Messages& messages() {
  static Messages messages;
  return messages;
}

void xml_to_tree_vs_libxml2_dom(benchmark::State& state) {
  compare(
      state, messages().sources.size(),
      [] {
        for (const std::string& source : messages().sources) {
          auto document = xml::read(source, messages().symbols);
          benchmark::DoNotOptimize(document);
        }
      },
      [] {
        for (const std::string& source : messages().sources) {
          xmlDocPtr document = xmlReadMemory(source.data(), static_cast<int>(source.size()),
                                             nullptr, nullptr, XML_PARSE_NONET);
          benchmark::DoNotOptimize(document);
          xmlFreeDoc(document);
        }
      });
}
BENCHMARK(xml_to_tree_vs_libxml2_dom)->Unit(benchmark::kMicrosecond);

void tree_to_xml_vs_libxml2(benchmark::State& state) {
  std::vector<xmlDocPtr> doms;
  for (const std::string& source : messages().sources) {
    doms.push_back(xmlReadMemory(source.data(), static_cast<int>(source.size()), nullptr, nullptr,
                                 XML_PARSE_NONET));
  }
  compare(
      state, doms.size(),
      [] {
        for (const tree::Document& document : messages().trees) {
          auto text = xml::write(document);
          benchmark::DoNotOptimize(text);
        }
      },
      [&] {
        for (xmlDocPtr dom : doms) {
          xmlChar* bytes = nullptr;
          int size = 0;
          xmlDocDumpMemoryEnc(dom, &bytes, &size, "UTF-8");
          benchmark::DoNotOptimize(bytes);
          xmlFree(bytes);
        }
      });
  for (xmlDocPtr dom : doms) xmlFreeDoc(dom);
}
BENCHMARK(tree_to_xml_vs_libxml2)->Unit(benchmark::kMicrosecond);

/// What a signature needs: written directly in canonical form, or brought into it by libxml2.
void canonical_form_written_vs_libxml2_c14n(benchmark::State& state) {
  compare(
      state, messages().trees.size(),
      [] {
        for (const tree::Document& document : messages().trees) {
          auto text =
              xml::write(document, {.declaration = false, .indent = 0, .expand_empty = true});
          benchmark::DoNotOptimize(text);
        }
      },
      [] {
        for (const std::string& source : messages().sources) {
          auto text = xml::canonicalise(source);
          benchmark::DoNotOptimize(text);
        }
      });
}
BENCHMARK(canonical_form_written_vs_libxml2_c14n)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
