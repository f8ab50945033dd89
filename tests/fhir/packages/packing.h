#pragma once
// Archives built in memory, good ones and hostile ones.

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace concord::packages {

/// One entry of an archive.
struct Packed {
  std::string path;
  std::string bytes;
  unsigned type = AE_IFREG;
  std::string link = {};  ///< of a symbolic link; of a hard one with `hard`
  bool hard = false;
};

/// A gzipped tar as its bytes.
inline std::string tgz(const std::vector<Packed>& entries, bool compressed = true) {
  std::size_t size = 65536;
  for (const Packed& entry : entries) size += entry.bytes.size() + 4096;
  std::string bytes(size, '\0');
  std::size_t used = 0;
  ::archive* out = archive_write_new();
  if (compressed) {
    archive_write_add_filter_gzip(out);
  } else {
    archive_write_add_filter_none(out);
  }
  archive_write_set_format_pax_restricted(out);
  archive_write_open_memory(out, bytes.data(), bytes.size(), &used);
  for (const Packed& entry : entries) {
    ::archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.path.c_str());
    archive_entry_set_filetype(header, entry.type);
    archive_entry_set_perm(header, 0644);
    archive_entry_set_size(header, static_cast<la_int64_t>(entry.bytes.size()));
    if (entry.hard) archive_entry_set_hardlink(header, entry.link.c_str());
    if (entry.type == AE_IFLNK) archive_entry_set_symlink(header, entry.link.c_str());
    EXPECT_GE(archive_write_header(out, header), ARCHIVE_WARN) << archive_error_string(out);
    if (!entry.bytes.empty()) archive_write_data(out, entry.bytes.data(), entry.bytes.size());
    archive_entry_free(header);
  }
  archive_write_close(out);
  archive_write_free(out);
  bytes.resize(used);
  return bytes;
}

inline void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.good()) << file;
}

/// package.json; `dependencies` is the inside of its object.
inline std::string manifest_text(std::string_view id, std::string_view version,
                                 std::string_view dependencies = "",
                                 std::string_view fhir = "4.0.1") {
  return R"({"name":")" + std::string(id) + R"(","version":")" + std::string(version) +
         R"(","canonical":"https://example.org/)" + std::string(id) + R"(","fhirVersions":[")" +
         std::string(fhir) + R"("],"dependencies":{)" + std::string(dependencies) + "}}";
}

inline std::string value_set_text(std::string_view name, std::string_view version) {
  return R"({"resourceType":"ValueSet","id":")" + std::string(name) +
         R"(","url":"https://example.org/ValueSet/)" + std::string(name) + R"(","version":")" +
         std::string(version) + R"(","name":"Name","status":"active"})";
}

}  // namespace concord::packages
