--top-module sample_top
+incdir+rtl/pkg
rtl/pkg/xb_pkg.sv
rtl/prim/xb_prim_ram.sv
rtl/prim/xb_prim_rom.sv
rtl/stream/xb_unpack.sv
rtl/stream/xb_argmax.sv
rtl/crossbar/xb_cells.sv
rtl/crossbar/xb_adc.sv
rtl/crossbar/xb_tile.sv
rtl/layer/xb_window.sv
rtl/layer/xb_requant.sv
rtl/layer/xb_layer.sv
rtl/layer/xb_max_pool.sv
rtl/sample_top.sv
