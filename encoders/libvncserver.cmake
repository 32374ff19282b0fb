# What the installed libvncserver can do.
include(CheckStructHasMember)

set(CMAKE_REQUIRED_LIBRARIES PkgConfig::libvncserver)
# The output hook came after 0.9.15; encoders/rects_sink.c does without where it is missing.
check_struct_has_member("struct _rfbClientRec" writeToSocket rfb/rfb.h PLANECAST_RFB_WRITE_HOOK)
unset(CMAKE_REQUIRED_LIBRARIES)
if(PLANECAST_RFB_WRITE_HOOK)
	set_source_files_properties(encoders/rects_sink.c PROPERTIES
		COMPILE_DEFINITIONS PLANECAST_RFB_WRITE_HOOK)
endif()
