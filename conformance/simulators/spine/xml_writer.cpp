#include "conformance/simulators/spine/xml_writer.h"

namespace concord::spine {
namespace {

constexpr std::string_view kNamespace = "urn:hl7-org:v3";

/// The XML specials, and nothing XML 1.0 cannot carry.
void append_escaped(std::string& out, std::string_view text, bool attribute) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += attribute ? "&quot;" : "\"";
        break;
      case '\r':
        out += "&#13;";
        break;
      case '\n':
      case '\t':
        if (attribute) {
          out += c == '\n' ? "&#10;" : "&#9;";
        } else {
          out += c;
        }
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
}

}  // namespace

void XmlWriter::declaration() { out_ += R"(<?xml version="1.0" encoding="UTF-8"?>)"; }

void XmlWriter::line() {
  if (indent_ == 0 || out_.empty()) return;
  out_ += '\n';
  out_.append(indent_ * open_.size(), ' ');
}

void XmlWriter::tag(std::string_view name, Attributes attributes) {
  out_ += '<';
  out_ += name;
  for (const auto& [attribute, value] : attributes) {
    out_ += ' ';
    out_ += attribute;
    out_ += "=\"";
    append_escaped(out_, value, true);
    out_ += '"';
  }
}

void XmlWriter::open(std::string_view name, Attributes attributes) {
  line();
  tag(name, attributes);
  out_ += '>';
  open_.emplace_back(name);
}

void XmlWriter::close() {
  const std::string name = std::move(open_.back());
  open_.pop_back();
  line();
  out_ += "</" + name + ">";
  if (open_.empty() && indent_ != 0) out_ += '\n';
}

void XmlWriter::empty(std::string_view name, Attributes attributes) {
  line();
  tag(name, attributes);
  out_ += "/>";
}

void XmlWriter::leaf(std::string_view name, std::string_view text, Attributes attributes) {
  line();
  tag(name, attributes);
  out_ += '>';
  append_escaped(out_, text, false);
  out_ += "</";
  out_ += name;
  out_ += '>';
}

void XmlWriter::copy(const tree::Document& document, const tree::Node& element,
                     const Splices& splices) {
  line();
  copy_below(document, element, document.find(kNamespace), splices);
}

void XmlWriter::copy_tag(const tree::Document& document, const tree::Node& element,
                         tree::Symbol around) {
  out_ += '<';
  out_ += document.name(element);
  if (element.xml_namespace() != around) {
    out_ += " xmlns=\"";
    append_escaped(out_, document.text(element.xml_namespace()), true);
    out_ += '"';
  }
  for (const tree::Node& child : element.children()) {
    if (!child.is(tree::Flag::attribute)) continue;
    out_ += ' ';
    out_ += document.name(child);
    out_ += "=\"";
    append_escaped(out_, child.text(), true);
    out_ += '"';
  }
}

/// As deep as the reader allowed (tree::Limits::max_depth).
void XmlWriter::copy_below(const tree::Document& document, const tree::Node& element,
                           tree::Symbol around, const Splices& splices) {
  if (const auto other = splices.instead.find(&element); other != splices.instead.end()) {
    out_ += other->second;
    return;
  }
  copy_tag(document, element, around);
  bool has_content = !element.text().empty();
  for (const tree::Node& child : element.children()) {
    has_content = has_content || !child.is(tree::Flag::attribute);
  }
  if (!has_content) {
    out_ += "/>";
  } else {
    out_ += '>';
    append_escaped(out_, element.text(), false);
    for (const tree::Node& child : element.children()) {
      if (child.is(tree::Flag::attribute)) continue;
      if (child.kind() == tree::Kind::text) {
        append_escaped(out_, child.text(), false);
      } else {
        copy_below(document, child, element.xml_namespace(), splices);
      }
    }
    out_ += "</";
    out_ += document.name(element);
    out_ += '>';
  }
  if (const auto more = splices.after.find(&element); more != splices.after.end()) {
    out_ += more->second;
  }
}

}  // namespace concord::spine
