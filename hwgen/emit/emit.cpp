// Prints a plan as a folder of sources, memory images and tool files. No decision is made here.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/emit/emit.hpp"

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/data_dir.hpp"
#include "hwgen/emit/files.hpp"

namespace crosstwin::hwgen {
void emit(const Plan& plan, const std::filesystem::path& dir) {
  const std::filesystem::path templates = ir::data_dir() / "rtl_templates";
  ir::write_dir(dir, [&](const std::filesystem::path& out) {
    for (const auto* list : {&plan.sources, &plan.include_files}) {
      for (const std::string& path : *list) {
        ir::write_file(out / "rtl" / path, ir::read_file(templates / path));
      }
    }
    std::vector<std::string> image_hashes;
    for (const Memory& memory : plan.memories) {
      const std::string text = memory.image.text();
      image_hashes.push_back(ir::content_hash(text));
      ir::write_file(out / memory.file, text);
    }
    ir::write_file(out / "rtl" / (plan.top + ".sv"), top_module(plan));
    ir::write_file(out / "manifest.json", manifest(plan, image_hashes));
    ir::write_file(out / "plan.json", to_json(plan));
    ir::write_file(out / "design.f", verilator_list(plan));
    ir::write_file(out / "synth.ys", yosys_script(plan));
    ir::write_file(out / (plan.name + ".core"), fusesoc_core(plan));
    ir::write_file(out / "README.md", readme(plan));
    ir::write_file(out / "diagram.svg", diagram(plan));
  });
}

}  // namespace crosstwin::hwgen
