# planecast_drv_video.so, a VA-API driver for any program: installed where libva looks.
pkg_check_modules(x264 REQUIRED IMPORTED_TARGET x264)
pkg_get_variable(driver_dir libva driverdir)
set(PLANECAST_VA_DRIVER_DIR ${driver_dir} CACHE PATH "where libva looks for drivers")
# The daemon shows libva the way where that is elsewhere.
set_source_files_properties(${CMAKE_SOURCE_DIR}/encoders/va_path.c PROPERTIES COMPILE_DEFINITIONS
	"PLANECAST_VA_DRIVER_DIR=\"${PLANECAST_VA_DRIVER_DIR}\";LIBVA_DRIVER_DIR=\"${driver_dir}\"")

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/encoders/softva/*.c)
file(GLOB pure CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/encoders/colour*.c ${CMAKE_SOURCE_DIR}/encoders/detile.c
	${CMAKE_SOURCE_DIR}/encoders/h264_*.c)
# A library, so that tests reach its parts; the plugin is nothing but it.
add_library(softva STATIC ${sources} ${pure})
set_target_properties(softva PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
target_link_libraries(softva PUBLIC PkgConfig::libva PkgConfig::x264 PkgConfig::libdrm Threads::Threads m)
set_source_files_properties(${CMAKE_SOURCE_DIR}/encoders/softva/pixels.c ${CMAKE_SOURCE_DIR}/encoders/softva/scale.c
	PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)

add_library(planecast_drv_video MODULE)
target_sources(planecast_drv_video PRIVATE $<TARGET_OBJECTS:softva>)
set_target_properties(planecast_drv_video PROPERTIES PREFIX "" LINKER_LANGUAGE C)
target_link_libraries(planecast_drv_video PRIVATE PkgConfig::x264 Threads::Threads m)
install(TARGETS planecast_drv_video LIBRARY DESTINATION ${PLANECAST_VA_DRIVER_DIR})
