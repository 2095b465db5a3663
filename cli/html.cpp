// The text of a page.
// SPDX-License-Identifier: Apache-2.0
#include "cli/html.hpp"

#include <fmt/format.h>

namespace crosstwin::cli {

std::string html_escape(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string html_page(const std::string& title, const std::vector<std::vector<std::string>>& rows,
                      const std::string& heading,
                      const std::vector<std::pair<std::string, std::string>>& pictures) {
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Crosstwin: {0}</title>\n"
      "<style>\n"
      "body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; "
      "padding: 0 1rem; color: #222; }}\n"
      "table {{ border-collapse: collapse; }}\n"
      "th, td {{ text-align: left; padding: 0.25rem 2rem 0.25rem 0; border-bottom: 1px solid #ddd; "
      "font-weight: normal; }}\n"
      "td {{ font-variant-numeric: tabular-nums; }}\n"
      "figure {{ margin: 2rem 0; }} svg {{ max-width: 100%; height: auto; }}\n"
      "</style>\n</head>\n<body>\n<h1>{0}</h1>\n<table>\n",
      html_escape(title));
  for (const auto& row : rows) {
    page += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", html_escape(row[0]),
                        html_escape(row[1]));
  }
  page += "</table>\n<h2>" + html_escape(heading) + "</h2>\n";
  for (const auto& [file, svg] : pictures) {
    // An XML declaration may stand in a file of its own only.
    const size_t start = svg.find("<svg");
    page += fmt::format("<figure id=\"{}\">\n{}\n</figure>\n", html_escape(file),
                        start == std::string::npos ? svg : svg.substr(start));
  }
  return page + "</body>\n</html>\n";
}

}  // namespace crosstwin::cli
