// Runs a fuzzer without libFuzzer: every seed, then mutations of them, the same ones every time.
//   fuzz_json 2000 tests/fuzz/seeds/json     2000 mutations over the files of a folder
//   fuzz_json 0 crash-1234                   one file, to look at a finding
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<std::string> read_seeds(const fs::path& path) {
  std::vector<fs::path> files;
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  } else {
    files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    seeds.push_back(std::move(text).str());
  }
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(text);
    if (text.size() > kMostBytes) text.resize(kMostBytes);
    return text;
  }

 private:
  static constexpr std::size_t kMostBytes = 64 * 1024;

  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

  void change(std::string& text) {
    static constexpr const char* kPieces[] = {"\"",
                                              "\\",
                                              "{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              ":",
                                              "null",
                                              "_",
                                              "\\u",
                                              "D83D",
                                              "<",
                                              ">",
                                              "/>",
                                              "</",
                                              "<!--",
                                              "<![CDATA[",
                                              "]]>",
                                              "&",
                                              "&#",
                                              ";",
                                              "xmlns=",
                                              "='",
                                              "<!DOCTYPE",
                                              "<?",
                                              "?>",
                                              "1e999",
                                              "-",
                                              "\n",
                                              "\r",
                                              "\t",
                                              "\x80",
                                              "\xC3",
                                              "\xED\xA0\x80",
                                              "\xEF\xBF\xBE",
                                              "(",
                                              ")",
                                              "'",
                                              "%"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(text.size() - at, 1 + below(32));
    switch (below(8)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size() + 1), length));
        break;
      case 4:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 5: {
        const std::string& other = seeds_[below(seeds_.size())];
        text.insert(at, other.substr(below(other.size() + 1), 1 + below(64)));
        break;
      }
      case 6:
        text.resize(at);
        break;
      default: {
        const std::string piece = text.substr(at, length);
        for (std::size_t times = below(50); times > 0; --times) text.insert(at, piece);
      }
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_{20261121};
};

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s MUTATIONS SEEDS\n", arguments[0]);
    return 2;
  }
  const std::vector<std::string> seeds = read_seeds(arguments[2]);
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds in %s\n", arguments[2]);
    return 2;
  }
  for (const std::string& seed : seeds) run(seed);
  run("");
  Mutator mutator(seeds);
  const long mutations = std::atol(arguments[1]);
  for (long i = 0; i < mutations; ++i) run(mutator.next());
  std::printf("%zu seeds, %ld mutations\n", seeds.size(), mutations);
}
