# Letters for the status card and the test pattern: a host program renders them
# into a C table, which becomes part of the library.
pkg_check_modules(freetype2 REQUIRED IMPORTED_TARGET freetype2)
find_path(PLANECAST_FONT_DIR DejaVuSansMono.ttf
	PATHS /usr/share/fonts/truetype/dejavu /usr/share/fonts/dejavu /usr/share/fonts/TTF
	NO_DEFAULT_PATH DOC "folder of the DejaVu fonts")
if(NOT PLANECAST_FONT_DIR)
	message(FATAL_ERROR "DejaVuSansMono.ttf not found: install fonts-dejavu-core (tools/setup demo)")
endif()

add_executable(font_gen server/capture/fontgen/font_gen.c)
target_link_libraries(font_gen PkgConfig::freetype2)

set(font_faces
	mono DejaVuSansMono.ttf 14
	small DejaVuSans.ttf 11
	body DejaVuSans.ttf 14
	bold DejaVuSans-Bold.ttf 13
	large DejaVuSans.ttf 18
	huge DejaVuSans-Bold.ttf 28)
list(TRANSFORM font_faces PREPEND ${PLANECAST_FONT_DIR}/ REGEX "\\.ttf$")
set(font_files ${font_faces})
list(FILTER font_files INCLUDE REGEX "\\.ttf$")
set(font_table ${CMAKE_BINARY_DIR}/generated/font_table.c)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
add_custom_command(OUTPUT ${font_table}
	COMMAND font_gen ${font_table} ${font_faces}
	DEPENDS font_gen ${font_files}
	COMMENT "Rendering letters" VERBATIM)
target_sources(planecast PRIVATE ${font_table})
