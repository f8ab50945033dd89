#include "tests/e2e/hostile.h"

namespace concord::test {
namespace {

constexpr std::string_view kJson = "application/fhir+json";
constexpr std::string_view kXml = "application/fhir+xml";

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// `good` with the first `old` replaced.
std::string with(std::string good, std::string_view old, std::string_view replacement) {
  const auto at = good.find(old);
  if (at == std::string::npos) return "the example has changed";
  return good.replace(at, old.size(), replacement);
}

/// `good` with `member` as the first member of the Bundle.
std::string with_member(const std::string& good, std::string_view member) {
  return with(good, "{", "{" + std::string(member) + ",");
}

std::string bundle_xml(std::string_view inside) {
  return "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"message\"/>" + std::string(inside) +
         "</Bundle>";
}

}  // namespace

std::vector<Hostile> hostile_inputs() {
  using Text = const std::string&;
  const std::string json{kJson}, xml{kXml};
  return {
      {"nothing at all", json, [](Text) { return std::string(); }},
      {"white space only", json, [](Text) { return std::string(5000, ' '); }},
      {"cut in the middle", json, [](Text good) { return good.substr(0, good.size() / 2); }},
      {"cut before the last brace", json,
       [](Text good) { return good.substr(0, good.rfind('}')); }},
      {"text after the end", json, [](Text good) { return good + "{}"; }},
      {"arrays 100,000 deep", json,
       [](Text) { return "{\"resourceType\":\"Bundle\",\"x\":" + std::string(100'000, '['); }},
      {"objects 100,000 deep", json,
       [](Text) { return "{\"resourceType\":\"Bundle\"," + repeated("\"a\":{", 100'000); }},
      {"contained resources nested 1,000 deep", json,
       [](Text) {
         return repeated("{\"resourceType\":\"Bundle\",\"contained\":[", 1000) + "{}" +
                repeated("]}", 1000);
       }},
      {"200 MB of one string", json,
       [](Text) {
         return "{\"resourceType\":\"Bundle\",\"id\":\"" + std::string(200'000'000, 'a') + "\"}";
       }},
      {"a million empty objects", json,
       [](Text) {
         return "{\"resourceType\":\"Bundle\",\"entry\":[" + repeated("{},", 1'000'000) + "{}]}";
       }},
      {"100,000 different unknown names", json,
       [](Text) {
         std::string all = "{\"resourceType\":\"Bundle\"";
         for (int i = 0; i < 100'000; ++i) all += ",\"n" + std::to_string(i) + "\":1";
         return all + "}";
       }},
      {"a member twice", json, [](Text good) { return with_member(good, "\"type\":\"message\""); }},
      {"resourceType twice", json,
       [](Text good) { return with_member(good, "\"resourceType\":\"Bundle\""); }},
      {"resourceType that is a number", json,
       [](Text good) { return with(good, "\"Bundle\"", "7"); }},
      {"no resourceType", json,
       [](Text good) { return with(good, "\"resourceType\": \"Bundle\",", ""); }},
      {"a resource type nobody knows", json,
       [](Text good) { return with(good, "\"MedicationRequest\"", "\"MedicationWish\""); }},
      {"an element nobody knows", json,
       [](Text good) { return with_member(good, "\"colour\":\"green\""); }},
      {"a modifier extension nobody understands", json,
       [](Text good) {
         return with(good, "\"status\": \"active\"",
                     "\"modifierExtension\":[{\"url\":\"http://x.example/not\",\"valueBoolean\":"
                     "true}],\"status\":\"active\"");
       }},
      {"null for a value", json, [](Text good) { return with_member(good, "\"language\":null"); }},
      {"an empty array", json, [](Text good) { return with_member(good, "\"link\":[]"); }},
      {"an empty object", json, [](Text good) { return with_member(good, "\"meta\":{}"); }},
      {"an object where text belongs", json,
       [](Text good) { return with(good, "\"active\"", "{\"a\":1}"); }},
      {"an array where one belongs", json,
       [](Text good) { return with(good, "\"status\": \"active\"", "\"status\": [\"active\"]"); }},
      {"text where a number belongs", json,
       [](Text good) { return with(good, "\"value\": 21", "\"value\": \"21\""); }},
      {"a number with 100,000 digits", json,
       [](Text good) {
         return with(good, "\"value\": 21", "\"value\": " + std::string(100'000, '9'));
       }},
      {"a number with an exponent beyond reason", json,
       [](Text good) { return with(good, "\"value\": 21", "\"value\": 1e999999999"); }},
      {"not a number", json,
       [](Text good) { return with(good, "\"value\": 21", "\"value\": NaN"); }},
      {"bytes that are not UTF-8", json,
       [](Text good) { return with(good, "\"active\"", "\"\xC3\x28\""); }},
      {"overlong UTF-8", json, [](Text good) { return with(good, "\"active\"", "\"\xC0\xAF\""); }},
      {"half a surrogate pair", json,
       [](Text good) { return with(good, "\"active\"", "\"\\ud800\""); }},
      {"UTF-16", json, [](Text) { return std::string("\xFF\xFE{\0\"\0", 6); }},
      {"a NUL inside text", json,
       [](Text good) { return with(good, "\"active\"", std::string("\"act\0ive\"", 9)); }},
      {"comments", json, [](Text good) { return "/* hello */" + good; }},
      {"a reference to nothing", json,
       [](Text good) {
         return with(good, "\"subject\": {",
                     "\"subject\": {\"type\":\"Patient\","
                     "\"display\":\"x\",\"identifier\":{},");
       }},
      {"a date that is none", json,
       [](Text good) {
         return with(good, "\"type\": \"message\"",
                     "\"type\": \"message\",\"timestamp\":\"2024-02-30T25:00:00Z\"");
       }},
      {"an array at the top", json, [](Text good) { return "[" + good + "]"; }},
      {"a resource that is no Bundle", json,
       [](Text) { return std::string("{\"resourceType\":\"Patient\",\"id\":\"a\"}"); }},
      {"a Bundle of a kind nobody carries", json,
       [](Text good) { return with(good, "\"prescription-order\"", "\"prescription-wish\""); }},
      {"entities that double a billion times", xml,
       [](Text) {
         std::string dtd = "<!DOCTYPE b [<!ENTITY a0 \"ha\">";
         for (int i = 1; i < 30; ++i) {
           const std::string before = "&a" + std::to_string(i - 1) + ";";
           dtd += "<!ENTITY a" + std::to_string(i) + " \"" + before + before + "\">";
         }
         return dtd + "]>" + bundle_xml("<id value=\"&a29;\"/>");
       }},
      {"a file of the machine as an entity", xml,
       [](Text) {
         return "<!DOCTYPE b [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" +
                bundle_xml("<id value=\"&f;\"/>");
       }},
      {"XML 100,000 deep", xml,
       [](Text) {
         return "<Bundle xmlns=\"http://hl7.org/fhir\">" + repeated("<entry>", 100'000);
       }},
      {"an XML element with 50,000 attributes", xml,
       [](Text) {
         std::string all = "<Bundle xmlns=\"http://hl7.org/fhir\"";
         for (int i = 0; i < 50'000; ++i) all += " a" + std::to_string(i) + "=\"1\"";
         return all + "/>";
       }},
      {"XML in a foreign namespace", xml,
       [](Text) {
         return std::string("<Bundle xmlns=\"urn:x\"><type value=\"message\"/></Bundle>");
       }},
      {"XML cut in the middle", xml, [](Text) { return bundle_xml("").substr(0, 60); }},
      {"JSON called XML", xml, [](Text good) { return good; }},
      {"XML called JSON", json, [](Text) { return bundle_xml(""); }},
  };
}

}  // namespace concord::test
